import { lstatSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

const base = (env: Environment, variable: string, fallback: string): string => {
  const value = env[variable];
  return value?.startsWith("/") ? value : join(env["HOME"] ?? homedir(), fallback);
};

/** Stromboli's own configuration folder. Credentials and Podman's settings live here, readable by the user alone. */
export const configFolder = (env: Environment): string => join(base(env, "XDG_CONFIG_HOME", ".config"), "stromboli");

/** Where jobs, sessions and the database live unless the configuration names another place. */
export const stateFolder = (env: Environment): string => join(base(env, "XDG_STATE_HOME", ".local/state"), "stromboli");

/** The socket's folder; without XDG_RUNTIME_DIR a private one below the temporary folder. */
export const runtimeFolder = (env: Environment): string =>
  env["XDG_RUNTIME_DIR"]?.startsWith("/")
    ? join(env["XDG_RUNTIME_DIR"], "stromboli")
    : join(tmpdir(), `stromboli-${userInfo().uid}`);

/** Whether nobody else can put something of theirs into a folder; a shared one is safe when its sticky bit is set. */
export const isOwnFolder = (path: string): boolean => {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return false;
  const { uid } = userInfo();
  const othersWrite = (stat.mode & 0o022) !== 0;
  const sticky = (stat.mode & 0o1000) !== 0;
  return (stat.uid === uid || stat.uid === 0) && (!othersWrite || sticky);
};

export const defaultSocket = (env: Environment): string => join(runtimeFolder(env), "api.sock");
