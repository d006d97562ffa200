import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { podmanEnvironment } from "../machine.ts";
import { readInfo, type PodmanInfo } from "../podman/info.ts";
import { freeBytes } from "../podman/room.ts";
import type { CallOptions, Podman } from "../podman/podman.ts";
import type { Config } from "../schema/config.ts";
import { bytesOf } from "../schema/units.ts";
import { failure, ok, type Check, type Verdict } from "./finding.ts";
import { judgeLimits } from "./limits.ts";
import { judgeDisk, judgeLinger, judgeTun, type Space } from "./machine.ts";
import { firstFreeId, judgeIds, judgeNetwork, judgeRuntime, judgeStorage, type Helpers } from "./podman.ts";

/** `state`: the state folder. */
export type Place = { config: Config; env: NodeJS.ProcessEnv; podman: Podman; state: string };

const askWithinMs = 20_000;

/**
 * What can be told about the machine with two calls of Podman, starting nothing. Where Podman does not answer, what is
 * known from it alone is left out: somebody else says so.
 */
export const quickChecks = ({ config, env, podman, state }: Place, { signal }: Pick<CallOptions, "signal"> = {}) => {
  const options = { signal, timeoutMs: askWithinMs };
  let asked: Promise<PodmanInfo> | undefined;
  const info = () => (asked ??= readInfo(podman, options));
  const known = () => info().catch(() => undefined);
  const of = (judge: (known: PodmanInfo) => Verdict) => async () => {
    const found = await known();
    return found && judge(found);
  };
  const user = userInfo();
  const { keep_free, image } = config.podman;

  const checks: Check[] = [
    { name: "runtime", look: of(judgeRuntime) },
    { name: "ids", look: of((found) => judgeIds(found, { user: user.username, firstFree: firstFreeId(idLines()) })) },
    { name: "limits", look: of((found) => judgeLimits(found, { bus: hasBus(env) })) },
    { name: "network", look: of((found) => judgeNetwork(found, findHelpers(found))) },
    { name: "tun", look: () => judgeTun({ rootless: user.uid !== 0, found: lookAtTun() }) },
    { name: "storage", look: of(judgeStorage) },
    { name: "disk", look: async () => judgeDisk(await spacesOf(state, await known()), bytesOf(keep_free)) },
    {
      name: "image",
      look: async () => ((await known()) ? judgeImage(image, await has(podman, image, options)) : undefined),
    },
    { name: "linger", look: () => judgeLinger(lingerFacts(user)) },
  ];
  return { info, checks };
};

const judgeImage = (image: string, here: boolean): Verdict =>
  here
    ? ok(image)
    : {
        ...failure(`${image} is not here: runs that name no image do not start`, "type: stromboli setup"),
        fix: { kind: "setup", args: [] },
      };

const has = async (podman: Podman, image: string, options: CallOptions): Promise<boolean> =>
  (await podman.call(["image", "exists", image], options)).exitCode === 0;

const idLines = (): string =>
  ["/etc/subuid", "/etc/subgid"].map((path) => (existsSync(path) ? readFileSync(path, "utf8") : "")).join("\n");

/** By which rootless Podman has systemd make cgroups. */
const hasBus = (env: NodeJS.ProcessEnv): boolean => {
  const { XDG_RUNTIME_DIR: folder, DBUS_SESSION_BUS_ADDRESS: address } = podmanEnvironment(env);
  return address !== undefined || (folder !== undefined && existsSync(join(folder, "bus")));
};

const helperFolders = ["/usr/lib/podman", "/usr/libexec/podman", "/usr/local/lib/podman", "/usr/local/libexec/podman"];

const findHelpers = ({ host: { networkBackendInfo: said } }: PodmanInfo): Helpers => {
  return {
    netavark: Boolean(said?.path) || isHelperHere("netavark"),
    aardvark: Boolean(said?.dns?.path) || isHelperHere("aardvark-dns"),
  };
};

const isHelperHere = (name: string): boolean => helperFolders.some((folder) => existsSync(join(folder, name)));

const lookAtTun = () => {
  const path = "/dev/net/tun";
  if (!existsSync(path)) return "missing";
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return "usable";
  } catch {
    return "closed";
  }
};

const spacesOf = async (state: string, info: PodmanInfo | undefined): Promise<Space[]> => {
  const paths = new Set([nearest(state), ...(info ? [info.store.graphRoot, info.store.imageCopyTmpDir] : [])]);
  const there = [...paths].filter((path) => existsSync(path));
  return Promise.all(there.map(async (path) => ({ path, freeBytes: await freeBytes(path) })));
};

/** The folder itself, or the one in which it would be made. */
const nearest = (path: string): string => (existsSync(path) || path === "/" ? path : nearest(dirname(path)));

const lingerFacts = ({ uid, username }: { uid: number; username: string }) => ({
  root: uid === 0,
  systemd: existsSync("/run/systemd/system"),
  lingers: existsSync(`/var/lib/systemd/linger/${username}`),
  user: username,
});
