import type { PodmanInfo } from "../podman/info.ts";
import { failure, ok, warning, type Verdict } from "./finding.ts";

const oldest = { major: 4, minor: 0 };

/** Which Podman, and in whose name. */
export const judgePodman = ({ version: { Version: version }, host }: PodmanInfo): Verdict => {
  const [major = 0] = version.split(".").map(Number);
  if (major < oldest.major)
    return failure(
      `Podman ${version} is too old: ${oldest.major}.${oldest.minor} or newer is needed`,
      "upgrade Podman, or the distribution that brings it",
    );
  if (host.security.rootless) return ok(`${version}, rootless`);
  return warning(
    `${version}, rootful: an agent that got out of its container would be root`,
    "run Stromboli as an ordinary user; see docs/security.md",
  );
};

const runtimes = new Set(["crun", "runc"]);

export const judgeRuntime = ({ host: { ociRuntime } }: PodmanInfo): Verdict => {
  const { name, path, version } = ociRuntime;
  const number = /\d+\.\d+\S*/.exec(version)?.[0];
  const what = `${name}${number === undefined ? "" : ` ${number}`}${path ? ` (${path})` : ""}`;
  return runtimes.has(name)
    ? ok(what)
    : warning(`${what} has never been tried with Stromboli`, `set runtime = "crun" below [engine] in containers.conf`);
};

/** Which programs Podman makes networks with. */
export type Helpers = { netavark: boolean; aardvark: boolean };

/** What `network: full` and the services of compose files need. */
export const judgeNetwork = ({ host }: PodmanInfo, helpers: Helpers): Verdict => {
  const { networkBackend: backend, security, pasta, slirp4netns } = host;
  const program = [pasta.executable && "pasta", slirp4netns.executable && "slirp4netns"].find(Boolean);
  if (security.rootless && !program)
    return failure("neither pasta nor slirp4netns is here: runs with network: full do not start", install("passt"));
  const trouble = backend === "netavark" ? judgeHelpers(helpers) : otherBackend(backend || "unknown");
  return trouble ?? ok(security.rootless ? `netavark, ${program}` : "netavark");
};

const judgeHelpers = ({ netavark, aardvark }: Helpers): Verdict | undefined =>
  netavark && aardvark
    ? undefined
    : warning(
        `${netavark ? "aardvark-dns" : "netavark"} is not here: services of compose files cannot reach each other`,
        install("netavark aardvark-dns"),
      );

const otherBackend = (backend: string): Verdict =>
  warning(
    `the backend is ${backend}: services of compose files may not find each other by name`,
    `install netavark and aardvark-dns, and set network_backend = "netavark" below [network] in containers.conf`,
  );

const install = (packages: string): string => `install it, on Debian with: sudo apt-get install ${packages}`;

/** A driver that copies whole images for each container is the end of quick starts, and of the disk. */
export const judgeStorage = ({ store: { graphDriverName: driver, graphRoot } }: PodmanInfo): Verdict =>
  driver === "vfs"
    ? warning(
        "vfs copies the whole image for each container: starts are slow and the disk fills",
        `where you need none of your images and containers, type: podman system reset; then set driver = "overlay" below [storage] in ~/.config/containers/storage.conf, and type: stromboli setup --force`,
      )
    : ok(`${driver} at ${graphRoot}`);

type Account = {
  user: string;
  /** The first id above all that have been given away. */
  firstFree: number;
};

const enough = 65_536;

/** Without a range of ids of one's own there is one user in a container, and most images cannot be unpacked. */
export const judgeIds = ({ host }: PodmanInfo, { user, firstFree }: Account): Verdict => {
  if (!host.security.rootless) return ok("not needed by root");
  const counts = [host.idMappings?.uidmap, host.idMappings?.gidmap].map((maps) =>
    (maps ?? []).reduce((sum, { size }) => sum + size, 0),
  );
  const count = Math.min(...counts);
  if (count >= enough) return ok(`${count} user and group ids`);
  const range = `${firstFree}-${firstFree + enough - 1}`;
  const remedy = `type: sudo usermod --add-subuids ${range} --add-subgids ${range} ${user} && podman system migrate`;
  return count <= 1
    ? failure(`${user} has no subordinate ids: images cannot be unpacked`, remedy)
    : warning(`${user} has ${count} ids in all: images with files of higher ids cannot be unpacked`, remedy);
};

/** The first id that no line of /etc/subuid and /etc/subgid gives away: two users of one id reach each other's files. */
export const firstFreeId = (lines: string): number =>
  lines
    .split("\n")
    .map((line) => line.split(":"))
    .reduce((most, [, first = "", count = ""]) => Math.max(most, (Number(first) || 0) + (Number(count) || 0)), 100_000);
