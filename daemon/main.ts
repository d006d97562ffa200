import { once } from "node:events";
import { loadConfig } from "../lib/config.ts";
import { storageFailure, StromboliError } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import { notifySystemd } from "../lib/service/notify.ts";
import { startDaemon } from "./daemon.ts";

export type MainOptions = { config?: string | undefined; set?: readonly string[] };

/** Runs the daemon until SIGTERM or SIGINT. */
export const main = async ({ config: file, set = [] }: MainOptions = {}): Promise<void> => {
  process.umask(0o077); // also what SQLite makes is nobody else's; Podman sets its own
  const { env } = process;
  const { config, file: found } = loadConfig({ env, cwd: process.cwd(), file, flags: set });
  const log = createLog(config.log.level);
  log.debug({ file: found ?? "defaults" }, "configuration read");
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort()).once("SIGINT", () => stop.abort()); // a second one ends the process at once
  await using stack = new AsyncDisposableStack();
  const starting = startDaemon({ config, file: found, env, log });
  stack.use(await starting.catch((error: unknown) => Promise.reject((storageFailure(error) ?? error) as Error)));
  stack.use(await notifySystemd({ env, log }));
  if (!stop.signal.aborted) await once(stop.signal, "abort");
  log.info({}, "stopping");
};

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof StromboliError ? `stromboli: ${error.message}` : error);
    process.exitCode = error instanceof StromboliError ? error.exitCode : 70;
  }
}
