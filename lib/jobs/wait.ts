import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { OpenDoor } from "../broker/broker.ts";
import { messageOf, StromboliError } from "../errors.ts";
import type { Log } from "../log.ts";
import { untilItWorks } from "../persist.ts";
import type { ContainerEnd, Ends } from "../podman/ends.ts";
import { planHooks } from "../hooks/plan.ts";
import { readHookState } from "../hooks/state.ts";
import { hasEnded, type Containers } from "../podman/containers.ts";
import { cpuMsOf } from "../podman/cpu.ts";
import type { Config } from "../schema/config.ts";
import { millisecondsOf } from "../schema/units.ts";
import type { Job } from "../store/job-rows.ts";
import type { JobStore } from "../store/jobs.ts";
import type { JobFolder } from "./folder.ts";
import { lastResult } from "./output.ts";
import type { Recorder } from "./recorder.ts";
import type { StopReason } from "./state.ts";
import { watchForIdleness } from "./watchdog.ts";

type Deps = { config: Config; log: Log; containers: Containers; ends: Ends; jobs: JobStore; now: () => number };
/** `takenUp`: from a former daemon, so that the container may have ended long ago. */
export type Watch = {
  cancel: AbortSignal;
  detached: AbortSignal;
  takenUp: boolean;
  recorder: Recorder;
  door: OpenDoor;
  folder: JobFolder;
};

/** Waits for a container's end, and brings it about when time is up, the run is cancelled, or it does nothing any more. */
export const waitForEnd = async (
  deps: Deps,
  job: Job,
  watch: Watch,
): Promise<{ exitCode: number | undefined; endedAt: number; reason: StopReason | undefined }> => {
  const over = new AbortController();
  const exit = deps.ends.ended(job.container, { signal: watch.detached, takenUp: watch.takenUp });
  try {
    const { reason, stillRuns: stopped } = await firstReason(deps, job, { ...watch, exit, over: over.signal });
    if (stopped && reason) {
      const work = () => stop(deps, job, reason);
      const options = { what: "stopping a container", log: deps.log, signal: over.signal };
      await Promise.race([exit, untilItWorks(work, options)]);
    }
    const end = await (reason ? orGone(exit, deps, over.signal) : exit);
    return { ...ended(job, end, deps.now()), reason: stopped ? reason : undefined };
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

type Within = Watch & { over: AbortSignal };

/**
 * Why a container is to be stopped, if it still runs; no reason when it has ended. Hooks that have come to their end since
 * they were seen to be late are none any more: the agent is at work.
 */
const firstReason = async (
  deps: Deps,
  job: Job,
  { exit, ...watch }: Within & { exit: Promise<unknown> },
): Promise<{ reason: StopReason | undefined; stillRuns: boolean }> => {
  const others = [exit.then(() => undefined), ...reasonsToStop(deps, job, watch)];
  const look = async (reason: StopReason | undefined) => ({
    reason,
    stillRuns: reason !== undefined && (await stillRuns(deps, job)),
  });
  const first = await look(await Promise.race([...others, hooksLate(deps, job, watch)]));
  if (first.reason !== "hooks_timed_out" || job.stopReason !== null || (await areAtWork(watch))) return first;
  return look(await Promise.race(others));
};

const ended = ({ startedAt }: Job, end: ContainerEnd | undefined, now: number) => ({
  exitCode: end?.exitCode,
  endedAt: Math.max(startedAt ?? 0, end?.at ?? now),
});

/** What wrote too much gets no time to write more; and when that has filled the disk, it is stopped all the same. */
const stop = async (
  { config, containers, jobs, log, now }: Deps,
  { id, container }: Job,
  reason: StopReason,
): Promise<void> => {
  try {
    jobs.stopping(id, reason, now());
  } catch (error) {
    log.error({ job: id, error: messageOf(error) }, "why a job is stopped could not be written down yet");
  }
  await containers.stop(container, reason === "output_limit" ? 0 : millisecondsOf(config.podman.stop_grace));
};

/** A container of which Podman does not tell the end is given up after the stop. */
const orGone = (exit: Promise<ContainerEnd | undefined>, { config }: Deps, over: AbortSignal) =>
  Promise.race([
    exit,
    pause(millisecondsOf(config.podman.stop_grace) + goneAfterMs, undefined, { signal: over, ref: false }),
  ]);

const goneAfterMs = 15_000;

const reasonsToStop = (deps: Deps, job: Job, watch: Within): Promise<StopReason>[] => {
  const { cancel, over, recorder } = watch;
  return [
    pause(timeLeft(deps, job, Math.max(0, job.timeoutMs - (job.pullMs ?? 0))), "timed_out" as const, {
      signal: over,
      ref: false,
    }),
    cancelled(cancel, over),
    recorder.full,
    ...(job.stopReason === null ? [] : [Promise.resolve(job.stopReason)]), // one that a former daemon took down
    idle(deps, job, watch),
  ];
};

/** What is left of a time that began with the container; a clock that was put back makes no run longer. */
const timeLeft = ({ now }: Deps, { startedAt }: Job, ms: number): number =>
  Math.min(ms, Math.max(0, (startedAt ?? now()) + ms - now()));

const hooksLate = (deps: Deps, job: Job, watch: Within): Promise<"hooks_timed_out"> => {
  const { folder, over } = watch;
  const look = async () => {
    const given = existsSync(folder.hookState) ? deps.jobs.request(job.id).podman?.lifecycle : undefined; // a request can be megabytes
    const hooks = planHooks(given);
    if (!hooks) return new Promise<never>(() => {});
    await pause(timeLeft(deps, job, hooks.timeoutMs), undefined, { signal: over, ref: false });
    return (await areAtWork(watch)) ? ("hooks_timed_out" as const) : new Promise<never>(() => {});
  };
  return untilItWorks(look, { what: "watching over hooks", log: deps.log, signal: over });
};

const areAtWork = async ({ folder }: Pick<Watch, "folder">): Promise<boolean> =>
  (await readHookState(folder.hookState))?.state === "running";

const cancelled = async (cancel: AbortSignal, over: AbortSignal): Promise<"cancelled"> => {
  if (!cancel.aborted) await once(cancel, "abort", { signal: over });
  return "cancelled";
};

const idle = async (deps: Deps, job: Job, watch: Within): Promise<StopReason> => {
  const { recorder, door, folder, over } = watch;
  const { stall_timeout, exit_grace } = deps.config.jobs;
  const stallMs = stall_timeout === "off" ? undefined : millisecondsOf(stall_timeout);
  const pid = stallMs === undefined ? 0 : await pidOf(deps, job, over);
  const options = {
    talked: () => recorder.size() + door.traffic(),
    cpuMs: () => cpuMsOf(pid),
    hasResult: async () => !door.isBusy() && (await lastResult(folder.output)) !== undefined,
    stallMs,
    exitGraceMs: millisecondsOf(exit_grace),
  };
  const look = () => watchForIdleness(options, over);
  return untilItWorks(look, { what: "watching for idleness", log: deps.log, signal: over }); // nothing that fails here ends the wait
};

const pidOf = async ({ containers, log }: Deps, { container }: Job, signal: AbortSignal): Promise<number> => {
  const inspect = () => containers.inspect(container);
  return (await untilItWorks(inspect, { what: "looking at a container", log, signal }))?.pid ?? 0;
};

/** What ended in time did so, even if nobody was there to see it; a Podman that cannot say leaves it to the stop. */
const stillRuns = async ({ containers }: Deps, { container }: Job): Promise<boolean> => {
  const found = await containers.inspect(container).catch(() => ({ status: "unknown" }));
  return found !== undefined && !hasEnded(found);
};
