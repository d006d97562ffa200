import { setTimeout as pause } from "node:timers/promises";
import { messageOf, StromboliError } from "./errors.ts";
import type { Log } from "./log.ts";

type Options = { what: string; log: Log; signal: AbortSignal };

const firstDelayMs = 250;
const longestDelayMs = 15_000;

/** Does work that must be done in the end, such as writing down how a job ended, however long the disk is full. */
export const untilItWorks = async <Value>(
  work: () => Value | Promise<Value>,
  { what, log, signal }: Options,
): Promise<Value> => {
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(2 * delayMs, longestDelayMs)) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw stopping(what);
      log.error({ error: messageOf(error), delayMs }, `${what} failed; trying again`);
    }
    await pause(delayMs, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) throw stopping(what);
  }
};

const stopping = (what: string) =>
  new StromboliError("shutting_down", `the daemon is stopping; ${what} is left to the next one`);
