import { findTarget, type Target } from "./client.ts";
import { exitCodes, Failure } from "./failure.ts";
import { isUp, setUp, startInBackground } from "./start.ts";

/** The daemon to talk to. One that was named has to be there; this user's own is set up and started when it is not. */
export const ensureDaemon = async (env: NodeJS.ProcessEnv): Promise<Target> => {
  const target = findTarget(env);
  if (await isUp(target)) return target;
  if (env["STROMBOLI_HOST"])
    throw new Failure(`no daemon answers at STROMBOLI_HOST=${env["STROMBOLI_HOST"]}`, exitCodes.unreachable);
  const place = await ownPlace(env);
  if (await isUp(place.target)) return place.target;
  setUp();
  console.error("stromboli: starting the daemon in the background; stop it with: stromboli daemon stop");
  await startInBackground(place);
  return place.target;
};

/** Where this user's daemon keeps its state and listens, as the configuration says. Loads zod, so only when needed. */
export const ownPlace = async (
  env: NodeJS.ProcessEnv,
  flags: readonly string[] = [],
): Promise<{ target: Target; state: string }> => {
  const [{ loadConfig }, { defaultSocket, stateFolder }] = await Promise.all([
    import("../lib/config.ts"),
    import("../lib/paths.ts"),
  ]);
  const { config } = loadConfig({ env, cwd: process.cwd(), flags });
  return {
    target: { socketPath: config.server.socket || defaultSocket(env) },
    state: config.state_dir || stateFolder(env),
  };
};
