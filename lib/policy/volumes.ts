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

const options = new Set(["ro", "rw", "z", "Z"]);
const reserved = [
  "/etc",
  "/proc",
  "/sys",
  "/dev",
  "/bin",
  "/sbin",
  "/usr",
  "/lib",
  "/lib32",
  "/lib64",
  "/run",
  "/opt/claude",
  "/opt/stromboli",
  "/home/agent/.claude",
];

/** Turns `host:container[:options]` into a mount of the resolved path, or refuses it. */
export const planVolume = (text: string, rules: VolumeRules): Volume => {
  const [host = "", container = "", optionText = "", ...rest] = text.split(":");
  if (rest.length > 0 || !host.startsWith("/") || !container.startsWith("/")) {
    throw new StromboliError(
      "invalid_request",
      `volume ${text} is not host:container[:options] with two absolute paths`,
    );
  }
  const wanted = optionText === "" ? [] : optionText.split(",");
  const unknown = wanted.find((option) => !options.has(option));
  if (unknown !== undefined)
    throw new StromboliError("invalid_request", `volume option ${unknown} is not one of ro, rw, z, Z`);

  const target = checkTarget(container);
  const owner = rules.resolve(host);
  const entry = owner && rules.allowed.find(({ path }) => contains(path, owner.real));
  if (!owner || !entry) {
    // One answer for a path that is missing and one that is not allowed: refusals must not tell what exists.
    throw new StromboliError(
      "volume_not_allowed",
      `volume ${host} is not an existing path at or below an entry of policy.volumes`,
    );
  }
  const readOnly = entry.readOnly || wanted.includes("ro");
  const mountOptions = [...wanted.filter((option) => option !== "ro" && option !== "rw"), readOnly ? "ro" : "rw"];
  return { source: owner.real, target, options: mountOptions, readOnly, owner };
};

/** A mount target in its shortest form; refused where it would cover what the container needs. */
export const checkTarget = (path: string): string => {
  const target = posix.normalize(path).replace(/(?<=.)\/$/, "");
  if (target === "/" || reserved.some((folder) => contains(folder, target))) {
    throw new StromboliError(
      "invalid_request",
      `${path} cannot be a folder of the agent: it belongs to the container's system; use one such as /workspace`,
    );
  }
  return target;
};

/** Whether `path` is `folder` or lies below it; both are normalised. */
export const contains = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
