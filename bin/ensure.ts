import { resolve } from "node:path";
import { createClient, isUnreachable, isUp, type Client } from "./client.ts";
import { exitCodes, Failure } from "./failure.ts";
import { setUp, startInBackground } from "./start.ts";
import { say } from "./print.ts";
import { findTarget, namedDaemon, tokenIn, withToken, type Target } from "./target.ts";

/** A daemon of this user's: where it listens, keeps its state, and the flags that make it the same one elsewhere. */
export type Place = { target: Target; state: string; file: string | undefined; args: readonly string[] };
type PlaceFlags = { cwd?: string; config?: string; set?: readonly string[] };

/** The daemon to talk to. One that was named has to be there; this user's own is set up and started when it is not. */
export const ensureDaemon = async (
  env: NodeJS.ProcessEnv,
  setUpOptions?: Parameters<typeof setUp>[0],
): Promise<Target> => {
  const target = await locateDaemon(env);
  if (await isUp(target)) return target;
  if (namedDaemon(env)) throw noDaemon(env);
  await setUp(setUpOptions);
  say("starting the daemon in the background; stop it with: stromboli daemon stop");
  await startInBackground(await ownPlace(env));
  return target;
};

const noDaemon = (env: NodeJS.ProcessEnv): Failure => {
  const named = namedDaemon(env);
  return new Failure(
    named ? `no daemon answers at ${named.called}` : "no daemon runs; start it with: stromboli daemon start",
    exitCodes.unreachable,
  );
};

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
  return namedDaemon(env) || (await isUp(target)) ? target : (await ownPlace(env)).target;
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
    target: withToken({ socketPath: config.server.socket || defaultSocket(env) }, tokenIn(env)),
    state: config.state_dir || stateFolder(env),
    file,
    args: [...(file === undefined ? [] : ["--config", resolve(file)]), ...set.flatMap((pair) => ["--set", pair])],
  };
};
