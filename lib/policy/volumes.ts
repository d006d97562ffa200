import { posix } from "node:path";
import { StromboliError } from "../errors.ts";
import type { Mount } from "../podman/argv.ts";
import { credentials, whyNever, whyNothingBelow, type Guarded } from "./guarded.ts";
import { contains, type HostPath } from "./host-path.ts";

/** `owner` is undefined for a folder that is still to be made. */
export type Volume = Mount & { readOnly: boolean; owner: HostPath | undefined };

export type VolumeRules = {
  /** The entries of policy.volumes with their links resolved. */
  allowed: readonly { path: string; readOnly: boolean }[];
  guarded: Guarded;
  resolve: (path: string) => HostPath | undefined;
  /** Where a path that is missing would lead once it is made; undefined where none may be made. */
  foresee: (path: string) => string | undefined;
  /** The text of a file without links on the way to it; undefined when it is none, has grown too long, or is not ours to read. */
  read: (real: string) => string | undefined;
};

/** HOME in every container; the session's own folder. */
export const home = "/home/agent";

/** The resolved path of a file on the host that a request names, where its volumes could have it; undefined: no such file. */
export const planFile = (path: string, rules: VolumeRules): string | undefined => {
  const { source, owner } = findSource(path, { ...rules, foresee: () => undefined });
  return owner?.kind === "file" ? source : undefined;
};

/** Turns `host:container[:options]` into a mount of the resolved path, or refuses it. */
export const planVolume = (text: string, rules: VolumeRules): Volume => {
  const { host, container, options } = parseVolume(text);
  const target = checkTarget(container);
  const { source, entry, owner } = findSource(host, rules);
  const readOnly = entry.readOnly || options.includes("ro");
  const labels = options.filter((option) => option === "z" || option === "Z");
  return { source, target, options: [...labels, readOnly ? "ro" : "rw"], readOnly, owner };
};

const findSource = (host: string, rules: VolumeRules) => {
  const owner = rules.resolve(host);
  const source = owner?.real ?? rules.foresee(host);
  const entry = source === undefined ? undefined : nearest(rules.allowed, source);
  if (source === undefined || !entry || (!owner && entry.readOnly)) {
    // One answer for a path that is missing and one that is not allowed: refusals must not tell what exists.
    const remedy = "allow it there, or with STROMBOLI_POLICY_VOLUMES in the daemon's environment";
    throw new StromboliError(
      "volume_not_allowed",
      `volume ${host} is not an existing path at or below an entry of policy.volumes; ${remedy}`,
    );
  }
  const why = owner ? whyNever(owner, rules.guarded) : whyNothingBelow(source, rules.guarded);
  if (why !== undefined) throw new StromboliError("volume_not_allowed", `volume ${host} ${why}`);
  return { source, entry, owner };
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

const system = "/etc /proc /sys /dev /run /var/run /boot /bin /sbin /usr /lib /lib32 /lib64 /libx32".split(" ");
const reserved = [...system, "/opt/claude", "/opt/stromboli", ...credentials.map((name) => `${home}/${name}`)];

/** A mount target in its shortest form; refused where it would cover what the container or the agent needs. */
export const checkTarget = (path: string): string => {
  const target = posix.normalize(path).replace(/(?<=.)\/$/, "");
  if (reserved.some((folder) => contains(folder, target) || (contains(target, folder) && target !== home))) {
    const remedy = "use another one, such as /workspace";
    throw new StromboliError(
      "invalid_request",
      `${path} cannot be a folder of the agent: it belongs to the container's own system or to HOME's credentials; ${remedy}`,
    );
  }
  return target;
};
