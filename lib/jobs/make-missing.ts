import { closeSync, constants, fchmodSync, fchownSync, fstatSync, mkdirSync, openSync, readdirSync } from "node:fs";
import { messageOf, StromboliError } from "../errors.ts";
import type { Plan } from "../policy/plan.ts";
import { openPath } from "./host-path.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/** Makes the folders that the volumes of a plan and its services miss, for the agent's user; whether there were any. */
export const makeMissing = ({ volumes, stack, user }: Plan): boolean => {
  const all = [...volumes, ...(stack?.services ?? []).flatMap((service) => service.volumes)];
  const missing = all.filter(({ owner }) => owner === undefined);
  for (const { source } of missing) make(source, user);
  return missing.length > 0;
};

/** Goes down from the root by open folders and follows no link, so that nobody can lead it elsewhere on the way. */
const make = (path: string, user: string): void => {
  try {
    using stack = new DisposableStack();
    path
      .split("/")
      .slice(1)
      .reduce((parent, name) => stack.use(enter(parent.path, name, user)), stack.use(openPath("/", O_DIRECTORY)));
  } catch (cause) {
    throw new StromboliError("start_failed", `the folder ${path} could not be made: ${messageOf(cause)}`, { cause });
  }
};

const enter = (parent: string, name: string, user: string) => {
  const path = `${parent}/${name}`;
  try {
    return openPath(path, O_DIRECTORY);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    mkdirSync(path, 0o755);
    handOver(path, user);
    return openPath(path, O_DIRECTORY);
  }
};

/** Who may write to the parent could have put another folder of root's there: one with something in it stays as it is. */
const handOver = (path: string, user: string): void => {
  const fd = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    const { uid } = fstatSync(fd);
    if (uid !== process.getuid?.() || readdirSync(`/proc/self/fd/${fd}`).length > 0) return;
    fchmodSync(fd, 0o755); // whatever the umask made of it
    const [owner = 0, group = 0] = user.split(":").map(Number);
    if (uid === 0) fchownSync(fd, owner, group);
  } finally {
    closeSync(fd);
  }
};
