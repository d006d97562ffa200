import { posix } from "node:path";
import { StromboliError } from "../errors.ts";
import type { Mount } from "../podman/argv.ts";

/** What the file system says about a host path: where it really leads and who owns it. */
export type HostPath = { real: string; uid: number; gid: number; worldWritable: boolean };
export type Volume = Mount & { readOnly: boolean; owner: HostPath };

export type VolumeRules = {
  /** The entries of policy.volumes with their links resolved. */
  allowed: readonly { path: string; readOnly: boolean }[];
  resolve: (path: string) => HostPath | undefined;
};

/** HOME in every container; the session's own folder. */
export const home = "/home/agent";

/** Turns `host:container[:options]` into a mount of the resolved path, or refuses it. */
export const planVolume = (text: string, rules: VolumeRules): Volume => {
  const { host, container, options } = parseVolume(text);
  const target = checkTarget(container);
  const owner = rules.resolve(host);
  const entry = owner && nearest(rules.allowed, owner.real);
  if (!entry) {
    // One answer for a path that is missing and one that is not allowed: refusals must not tell what exists.
    const remedy = "allow it there, or with STROMBOLI_POLICY_VOLUMES in the daemon's environment";
    throw new StromboliError(
      "volume_not_allowed",
      `volume ${host} is not an existing path at or below an entry of policy.volumes; ${remedy}`,
    );
  }
  const readOnly = entry.readOnly || options.includes("ro");
  const labels = options.filter((option) => option === "z" || option === "Z");
  return { source: owner.real, target, options: [...labels, readOnly ? "ro" : "rw"], readOnly, owner };
};

/** The entry that says most about a path: `/data/pub` counts before `/data:ro`. */
const nearest = (allowed: VolumeRules["allowed"], real: string) =>
  allowed.filter(({ path }) => contains(path, real)).toSorted((a, b) => b.path.length - a.path.length)[0];

const knownOptions = new Set(["ro", "rw", "z", "Z"]);

const parseVolume = (text: string): { host: string; container: string; options: readonly string[] } => {
  const [host = "", container = "", optionText = "", ...rest] = text.split(":");
  if (rest.length > 0 || !host.startsWith("/") || !container.startsWith("/")) {
    throw new StromboliError(
      "invalid_request",
      `volume ${text} is not host:container[:options] with two absolute paths`,
    );
  }
  const options = optionText === "" ? [] : optionText.split(",");
  const unknown = options.find((option) => !knownOptions.has(option));
  if (unknown !== undefined)
    throw new StromboliError("invalid_request", `volume option ${unknown} is not one of ro, rw, z, Z`);
  return { host, container, options };
};

const system = ["/etc", "/proc", "/sys", "/dev", "/bin", "/sbin", "/usr", "/lib", "/lib32", "/lib64", "/run"];
const ours = ["/opt/claude", "/opt/stromboli", `${home}/.claude`];
const reserved = [...system, ...ours];

/** A mount target in its shortest form; refused where it would cover what the container needs. */
export const checkTarget = (path: string): string => {
  const target = posix.normalize(path).replace(/(?<=.)\/$/, "");
  if (reserved.some((folder) => contains(folder, target) || (contains(target, folder) && target !== home))) {
    const remedy = "use another one, such as /workspace";
    throw new StromboliError(
      "invalid_request",
      `${path} cannot be a folder of the agent: it belongs to the container's own system; ${remedy}`,
    );
  }
  return target;
};

/** Whether `path` is `folder` or lies below it; both are normalised. */
export const contains = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
