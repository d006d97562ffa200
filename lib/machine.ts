import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { userInfo } from "node:os";
import { credentialVariables } from "./credentials.ts";
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

/** The environment for Podman: the daemon's own without credentials, and with the settings that the set-up found needed. */
export const podmanEnvironment = (env: Environment): Record<string, string> => {
  const settings = join(configFolder(env), "containers.conf");
  const secret = new Set<string>(credentialVariables);
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !secret.has(entry[0]),
  );
  return {
    ...(existsSync(settings) && { CONTAINERS_CONF: settings }),
    ...Object.fromEntries(kept),
  };
};
