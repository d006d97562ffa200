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

export const defaultSocket = (env: Environment): string => join(runtimeFolder(env), "api.sock");
