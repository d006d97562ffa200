import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { StromboliError } from "../errors.ts";
import { hasEnded, type Containers } from "../podman/containers.ts";
import type { Config } from "../schema/config.ts";
import { millisecondsOf } from "../schema/units.ts";
import type { Job, JobStore, StopReason } from "../store/jobs.ts";

type Deps = { config: Config; containers: Containers; jobs: JobStore; now: () => number };
/** `takenUp`: from a former daemon, so that the container may have ended long ago. */
export type Watch = { cancel: AbortSignal; detached: AbortSignal; takenUp: boolean };
export type ContainerEnd = { exitCode: number | undefined; endedAt: number };

/** Waits for a container's end, and brings it about when time is up or the run is cancelled. */
export const waitForEnd = async (deps: Deps, job: Job, watch: Watch): Promise<ContainerEnd> => {
  const over = new AbortController();
  const exit = deps.containers.ended(job.container, watch.detached);
  try {
    const reason = await Promise.race([
      exit.then(() => undefined),
      ...reasonsToStop(deps, job, { ...watch, over: over.signal }),
    ]);
    if (reason && (await stillRuns(deps, job))) {
      deps.jobs.stopping(job.id, reason, deps.now());
      await deps.containers.stop(job.container, millisecondsOf(deps.config.podman.stop_grace));
    }
    const exitCode = await (reason ? orGone(exit, deps, over.signal) : exit);
    return { exitCode, endedAt: watch.takenUp ? await timeOfEnd(deps, job) : deps.now() };
  } catch (error) {
    if (!watch.detached.aborted) throw error;
    throw new StromboliError(
      "shutting_down",
      `the daemon is stopping; run ${job.id} goes on in its container and ends there`,
    );
  } finally {
    over.abort();
  }
};

/** A container whose conmon was killed never counts as ended for Podman; after the stop it is given up. */
const orGone = (exit: Promise<number | undefined>, { config }: Deps, over: AbortSignal) =>
  Promise.race([
    exit,
    pause(millisecondsOf(config.podman.stop_grace) + goneAfterMs, undefined, { signal: over, ref: false }),
  ]);

const goneAfterMs = 15_000;

const reasonsToStop = (
  deps: Deps,
  job: Job,
  { cancel, over }: Watch & { over: AbortSignal },
): Promise<StopReason>[] => {
  const timeLeft = Math.max(0, (job.startedAt ?? deps.now()) + job.timeoutMs - deps.now());
  return [
    pause(timeLeft, "timed_out" as const, { signal: over, ref: false }),
    cancelled(job.stopReason === "cancelled" ? AbortSignal.abort() : cancel, over), // one that a former daemon took down
  ];
};

const cancelled = async (cancel: AbortSignal, over: AbortSignal): Promise<"cancelled"> => {
  if (!cancel.aborted) await once(cancel, "abort", { signal: over });
  return "cancelled";
};

/** What ended in time did so, even if nobody was there to see it; a Podman that cannot say leaves it to the stop. */
const stillRuns = async ({ containers }: Deps, { container }: Job): Promise<boolean> => {
  const found = await containers.inspect(container).catch(() => ({ status: "unknown" }));
  return found !== undefined && !hasEnded(found);
};

const timeOfEnd = async ({ containers, now }: Deps, { container, startedAt }: Job): Promise<number> => {
  const found = await containers.inspect(container).catch(() => undefined);
  return Math.max(startedAt ?? 0, found?.finishedAt ?? now());
};
