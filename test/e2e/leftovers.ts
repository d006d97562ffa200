import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { podman } from "./podman.ts";
import { processIds, readProcess } from "./proc.ts";

const settleMs = 5000;
const everyMs = 250;

/** Everything that tests could leave behind, each thing in a line. */
export const takeStock = async (): Promise<Set<string>> => {
  const lists = await Promise.all([
    named("container", "ps", "--all", "--format={{.Names}}"),
    named("volume", "volume", "ls", "--format={{.Name}}"),
    named("secret", "secret", "ls", "--format={{.Name}}"),
    named("image", "images", "--format={{.Repository}}:{{.Tag}} {{.ID}}"),
    named("network", "network", "ls", "--format={{.Name}}"),
  ]);
  return new Set([...lists.flat(), ...folders(), ...processes()]);
};

/** What is there now and was not before. Podman's own processes get a moment to end. */
export const findLeftovers = async (before: ReadonlySet<string>): Promise<string[]> => {
  const deadline = Date.now() + settleMs;
  for (;;) {
    const fresh = [...(await takeStock())].filter((thing) => !before.has(thing));
    const left = await Array.fromAsync(ours(fresh));
    if (left.length === 0 || Date.now() > deadline) return left;
    await pause(everyMs);
  }
};

/** Without the runs of a daemon that somebody uses beside the tests: what a run mounts lies in its daemon's place. */
async function* ours(things: readonly string[]): AsyncGenerator<string> {
  for (const thing of things) {
    const run = /^container (stromboli-run-.*)$/.exec(thing)?.[1];
    if (run === undefined || (await podman("inspect", run)).stdout.includes(`/tmp/${mark}`)) yield thing;
  }
}

const named = async (kind: string, ...argv: readonly string[]): Promise<string[]> => {
  const { stdout, stderr, exitCode } = await podman(...argv);
  if (exitCode !== 0) throw new Error(`podman ${argv.join(" ")} failed: ${stderr}`);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((name) => `${kind} ${name}`);
};

/** The places of daemons, with their sockets in them. */
const folders = () =>
  ["/tmp", "/var/tmp"].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.startsWith(mark) && !name.includes("checkout"))
      .map((name) => join(folder, name))
      .filter((path) => statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.())
      .map((path) => `folder ${path}`),
  );

const mark = "stromboli-e2e-";

/** Daemons, and what they started (podman, conmon): all inherit the place of their daemon in their environment. */
const processes = () =>
  processIds()
    .filter((pid) => readProcess(pid, "environ").includes(`/tmp/${mark}`))
    .map((pid) => `process ${pid} ${readProcess(pid, "cmdline").replaceAll("\0", " ")}`);
