import { createHash } from "node:crypto";
import { existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import { userInfo } from "node:os";
import { configFolder } from "./paths.ts";
import type { Machine } from "./policy/plan.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What the daemon finds out about where it runs. `stateDir` is resolved: its label names this daemon's containers. */
export const findMachine = (stateDir: string): Machine => {
  const { uid, gid } = userInfo();
  return {
    rootless: uid !== 0,
    uid,
    gid,
    selinux: existsSync("/sys/fs/selinux/enforce"),
    stateLabel: createHash("sha256").update(stateDir).digest("hex").slice(0, 16),
  };
};

/**
 * The environment for Podman: of the daemon's own what Podman reads, and what the set-up found this machine needs. Whatever
 * else is in the daemon's, be it a key of some cloud or systemd's NOTIFY_SOCKET, which Podman would hand to containers,
 * ends here.
 */
export const podmanEnvironment = (env: Environment): Record<string, string> => {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && isRead(entry[0]),
  );
  return { ...settings(env), ...runtime(env), ...Object.fromEntries(kept) };
};

/** Read by Podman, and by Buildah, netavark, the OCI runtime, Go and the shells of hooks, which Podman starts. */
const isRead = (name: string): boolean => names.has(name) || families.test(name) || proxies.test(name);

const names = new Set([
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "LANG",
  "TZ",
  "TMPDIR",
  "DBUS_SESSION_BUS_ADDRESS", // by which rootless Podman gets its cgroups
  "REGISTRY_AUTH_FILE",
  "REGISTRIES_CONFIG_PATH",
  "DOCKER_CONFIG",
  "GNUPGHOME", // signatures of images
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "PODMAN_IGNORE_CGROUPSV1_WARNING",
]);
const families = /^(LC|XDG|_?CONTAINERS|STORAGE|BUILDAH|NETAVARK|FUSE_OVERLAYFS)_/; // CONTAINER_HOST is in none: that Podman is elsewhere
const proxies = /^(https?|no)_proxy$/i; // for pulls; a container never gets them

/** The files that bin/setup writes where Podman's defaults fail; a user's own choice goes before them. */
const settings = (env: Environment): Record<string, string> => {
  if (env["CONTAINERS_CONF"] || env["CONTAINERS_CONF_OVERRIDE"]) return {};
  const replacing = join(configFolder(env), "containers.conf");
  const overriding = join(configFolder(env), "containers-override.conf");
  return {
    ...(existsSync(replacing) && { CONTAINERS_CONF: replacing }),
    ...(existsSync(overriding) && { CONTAINERS_CONF_OVERRIDE: overriding }),
  };
};

/** Rootless Podman needs a runtime folder; these are the places where it looks itself, and where bin/setup makes one. */
const runtime = (env: Environment): Record<string, string> => {
  const { uid } = userInfo();
  if (uid === 0 || env["XDG_RUNTIME_DIR"]) return {};
  const found = [`/run/user/${uid}`, `/tmp/podman-run-${uid}`].find((path) => isPrivate(path, uid));
  return found === undefined ? {} : { XDG_RUNTIME_DIR: found };
};

const isPrivate = (path: string, uid: number): boolean => {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && stat.isDirectory() && stat.uid === uid && (stat.mode & 0o777) === 0o700;
};
