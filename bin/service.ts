import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { configFolder } from "../lib/paths.ts";
import { environmentFileText, unitEnvironment, unitText } from "../lib/service/unit.ts";
import { exitCodes, Failure } from "./failure.ts";

export const unitName = "stromboli.service";

/** A user's systemd, as far as it is needed. */
export type Systemctl = (...args: readonly string[]) => { code: number; said: string };
type Deps = {
  env: NodeJS.ProcessEnv;
  systemctl: Systemctl;
  /** Whether a daemon answers. */
  isUp: () => Promise<boolean>;
};
type Install = { command: readonly string[]; force: boolean };

const unitPath = (env: NodeJS.ProcessEnv): string => {
  const base = env["XDG_CONFIG_HOME"]?.startsWith("/")
    ? env["XDG_CONFIG_HOME"]
    : join(env["HOME"] ?? homedir(), ".config");
  return join(base, "systemd/user", unitName);
};

const environmentFile = (env: NodeJS.ProcessEnv): string => join(configFolder(env), "service.env");

/** The unit as it would be installed. */
export const unitFor = (env: NodeJS.ProcessEnv, command: readonly string[]): string =>
  unitText({ command, environment: unitEnvironment(env), environmentFile: environmentFile(env) });

export const createService = ({ env, systemctl, isUp }: Deps) => {
  const path = unitPath(env);
  const must = (...args: readonly string[]): void => {
    const { code, said } = systemctl(...args);
    if (code !== 0)
      throw new Failure(`systemctl --user ${args.join(" ")} failed: ${said.trim()}`, exitCodes.unreachable);
  };

  return {
    path,
    environmentFile: environmentFile(env),

    /** Writes the unit and starts it, now and at each boot. One that has been changed by hand is kept, unless by force. */
    async install({ command, force }: Install): Promise<void> {
      const text = unitFor(env, command);
      if (existsSync(path) && readFileSync(path, "utf8") !== text && !force)
        throw new Failure(`${path} is there and says something else; replace it with: --force`, exitCodes.failed);
      const isService = systemctl("is-active", "--quiet", unitName).code === 0;
      if (!isService && (await isUp()))
        throw new Failure(
          "a daemon runs already, and there can be only one; stop it with: stromboli daemon stop (its runs go on)",
          exitCodes.failed,
        );
      makeEnvironmentFile(environmentFile(env));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      must("daemon-reload");
      must("enable", unitName);
      must("restart", unitName); // waits until the daemon says that it is ready
    },

    /** Stops it for good. Runs go on in their containers, without a model until a daemon is back. */
    uninstall(): boolean {
      if (!existsSync(path)) return false;
      must("disable", "--now", unitName);
      rmSync(path);
      must("daemon-reload");
      return true;
    },
  };
};

/** What is in it stays; others never read it. */
const makeEnvironmentFile = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (existsSync(path)) chmodSync(path, 0o600);
  else writeFileSync(path, environmentFileText, { mode: 0o600 });
};
