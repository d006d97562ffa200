import { posix } from "node:path";
import { contains, type HostPath } from "./host-path.ts";

/** Places of this machine that no volume may show, whatever `policy.volumes` says; links in them are resolved. */
export type Guarded = {
  /** The homes of this machine's users. */
  homes: readonly string[];
  /** Stromboli's own: state, configuration, sockets. */
  own: readonly string[];
};

const system = "/etc /proc /sys /dev /run /var/run /boot".split(" ");
const stores = ["/var/lib/containers", "/var/lib/docker"]; // where Podman keeps secrets in the open

/** What a home keeps of its owner's keys, as paths below it. */
export const credentials =
  ".ssh .gnupg .aws .kube .docker .config/gcloud .netrc .git-credentials .password-store .claude .claude.json".split(
    " ",
  );

/** The same, and by what Podman and Stromboli could be made to do other things. */
const kept = [...credentials, ".config/stromboli", ".config/containers", ".local/share/containers"];

const sockets = ["docker.sock", "podman.sock"];

/** What tells that a folder is a home, although no account says so, or that a container engine listens in it. */
export const telltales = [".ssh", ".gnupg", ".netrc", ".git-credentials", ".password-store", ...sockets];

/** Why a path can never be a volume; undefined when it can. */
export const whyNever = (path: HostPath, guarded: Guarded): string | undefined => {
  if (path.kind === "other") return "is neither a folder nor a file";
  return whyNothingBelow(path.real, guarded) ?? whyNotWhole(path, guarded);
};

/** Why neither a path nor anything below it can be a volume. */
export const whyNothingBelow = (real: string, { own }: Guarded): string | undefined => {
  const inside = [...system, ...stores].find((folder) => contains(folder, real));
  if (inside !== undefined) return `lies in ${inside}, which is the system's`;
  const secret = [...kept, ...sockets].find((name) => `${real}/`.includes(`/${name}/`));
  if (secret !== undefined) return `lies in ${secret}, where credentials or the keys to this machine are`;
  return own.some((folder) => contains(folder, real)) ? "is Stromboli's own" : undefined;
};

/** Why a path cannot be a volume as a whole, though a folder below it might. */
const whyNotWhole = ({ real, holds }: HostPath, { homes, own }: Guarded): string | undefined => {
  const secrets = homes.flatMap((home) => kept.map((name) => posix.join(home, name)));
  const held =
    [...system, ...stores, ...secrets, ...own].find((place) => contains(real, place)) ??
    holds.map((name) => `${real}/${name}`)[0];
  return held === undefined ? undefined : `would show ${held}; mount a folder below it that does not`;
};
