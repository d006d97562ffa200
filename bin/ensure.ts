import { resolve } from "node:path";
import { createClient, findTarget, isUnreachable, isUp, type Client, type Target } from "./client.ts";
import { exitCodes, Failure } from "./failure.ts";
import { setUp, startInBackground } from "./start.ts";
import { say } from "./print.ts";

/** A daemon of this user's: where it listens, keeps its state, and the flags that make it the same one elsewhere. */
export type Place = { target: Target; state: string; args: readonly string[] };
type PlaceFlags = { cwd?: string; config?: string; set?: readonly string[] };

/** The daemon to talk to. One that was named has to be there; this user's own is set up and started when it is not. */
export const ensureDaemon = async (
  env: NodeJS.ProcessEnv,
  setUpOptions?: Parameters<typeof setUp>[0],
): Promise<Target> => {
  const target = await locateDaemon(env);
  if (await isUp(target)) return target;
  if (env["STROMBOLI_HOST"]) throw noDaemon(env);
  await setUp(setUpOptions);
  say("starting the daemon in the background; stop it with: stromboli daemon stop");
  await startInBackground(await ownPlace(env));
  return target;
};

export const noDaemon = ({ STROMBOLI_HOST: host }: NodeJS.ProcessEnv): Failure =>
  new Failure(
    host ? `no daemon answers at STROMBOLI_HOST=${host}` : "no daemon runs; start it with: stromboli daemon start",
    exitCodes.unreachable,
  );

/** Asks the daemon that runs; none is started for it. */
export const askDaemon = async <Answer>(ask: (client: Client) => Promise<Answer>): Promise<Answer> => {
  try {
    return await ask(createClient(await locateDaemon(process.env)));
  } catch (error) {
    throw isUnreachable(error) ? noDaemon(process.env) : error;
  }
};

/** Where the daemon listens that a command is for, be it up or not. */
export const locateDaemon = async (env: NodeJS.ProcessEnv): Promise<Target> => {
  const target = findTarget(env);
  return env["STROMBOLI_HOST"] || (await isUp(target)) ? target : (await ownPlace(env)).target;
};

/**
 * Where this user's daemon is, as the configuration says. Loads zod, so only when needed. Only who names the daemon gives
 * a `cwd`: a `stromboli.yaml` in somebody's repository must not configure the daemon that `run` starts by itself.
 */
export const ownPlace = async (
  env: NodeJS.ProcessEnv,
  { cwd, config: named, set = [] }: PlaceFlags = {},
): Promise<Place> => {
  const [{ loadConfig }, { defaultSocket, stateFolder }] = await Promise.all([
    import("../lib/config.ts"),
    import("../lib/paths.ts"),
  ]);
  const { config, file } = loadConfig({ env, cwd, file: named, flags: set });
  return {
    target: { socketPath: config.server.socket || defaultSocket(env) },
    state: config.state_dir || stateFolder(env),
    args: [...(file === undefined ? [] : ["--config", resolve(file)]), ...set.flatMap((pair) => ["--set", pair])],
  };
};
