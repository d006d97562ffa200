import { setTimeout as pause } from "node:timers/promises";
import type { OpenDoor } from "../broker/broker.ts";
import { storageFailure, StromboliError } from "../errors.ts";
import type { Log } from "../log.ts";
import { untilItWorks } from "../persist.ts";
import type { Job } from "../store/job-rows.ts";
import type { Tasks } from "../tasks.ts";
import { abandon } from "./abandon.ts";
import { cleanUp } from "./clean-up.ts";
import { fetchImage, type FetchDeps } from "./fetch-image.ts";
import { finish, type FinishDeps } from "./finish.ts";
import { launch, type LaunchDeps } from "./launch.ts";
import type { Live, LiveJobs } from "./live.ts";
import { takeOver, type RecoveryDeps } from "./recover.ts";

export type LifeDeps = FetchDeps &
  LaunchDeps &
  FinishDeps &
  RecoveryDeps & {
    log: Log;
    /** Tells that a job has ended. */
    onEnd: (id: string) => void;
  };

type Context = {
  liveJobs: LiveJobs;
  tasks: Tasks;
  /** Aborts when the daemon leaves its jobs to the next one. */
  detached: AbortSignal;
  /** Tells that a container runs: a fork has its copy, and its source is free. */
  onStart: () => void;
};

const againAfterMs = 10_000;

/** The life of one job, from its turn to its end. */
export const createLife = (deps: LifeDeps, { liveJobs, tasks, detached, onStart }: Context) => {
  const { log, jobs, now } = deps;
  const surely = <Value>(what: string, work: () => Value | Promise<Value>): Promise<Value> =>
    untilItWorks(work, { what, log, signal: detached });

  const end = (job: Job, live: Live, why?: unknown): void => {
    if (why === undefined) live.end();
    else live.fail(why);
    deps.onEnd(job.id);
    // The answer need not wait for it, the daemon's end does; and what it leaves the next start removes.
    void tasks.keep(surely("cleaning up after a job", () => cleanUp(deps, job)).catch(() => {}));
  };
  const conclude = async (job: Job, live: Live, running: { door: OpenDoor; takenUp: boolean }): Promise<void> => {
    live.bell.ring();
    onStart();
    await finish(deps, job.id, { ...running, live, detached, surely });
    end(job, live);
  };
  const begin = async (job: Job, live: Live): Promise<void> => {
    live.bell.ring();
    await using stack = new AsyncDisposableStack();
    const signals = { cancel: live.cancel.signal, detached };
    const start = await surely("starting a job", () => tryToLaunch(deps, job, signals));
    if ("failure" in start) {
      await surely("ending a job that did not start", () => abandon(deps, job, start.failure));
      return end(job, live, jobs.find(job.id)?.ending?.outcome === "start_failed" ? start.failure : undefined);
    }
    stack.use(start.door);
    await surely("writing down that a job runs", () => jobs.started(job.id, now()));
    await conclude(job, live, { door: start.door, takenUp: false });
  };
  const takeUp = async (job: Job, live: Live): Promise<void> => {
    const found = await surely("taking up a job", () => takeOver(deps, job, detached));
    if (found.kind === "restart") return begin(found.job, live);
    if (found.kind === "ended") return end(found.job, live);
    await using door = found.door;
    await conclude(found.job, live, { door, takenUp: true });
  };
  /** What no retry has mended may be mended by beginning again from what is written down. */
  const guarded = async (job: Job, work: (job: Job, live: Live) => Promise<void>): Promise<void> => {
    const live = liveJobs.add(job.id);
    try {
      await work(job, live);
    } catch (error) {
      if (detached.aborted) return;
      log.error({ job: job.id, err: error }, "a job was dropped; it is taken up again");
      await pause(againAfterMs, undefined, { signal: detached, ref: false }).catch(() => {});
      const left = jobs.find(job.id);
      if (left && left.state !== "ended" && !detached.aborted) await guarded(left, takeUp);
    }
  };

  return {
    /** A job whose turn has come. */
    begin: (job: Job): Promise<void> => guarded(job, begin),
    /** A job whose turn had come in a former daemon. */
    takeUp: (job: Job): Promise<void> => guarded(job, takeUp),
  };
};

/** What the end of the daemon has ended, the next one does again. */
const isGivenUp = (failure: unknown): boolean =>
  (failure instanceof StromboliError && failure.code === "shutting_down") ||
  (failure instanceof Error && failure.name === "AbortError");

/** A disk that is full, of which nothing has come yet but a folder, is thrown: then the job is launched anew. */
const tryToLaunch = async (
  deps: FetchDeps & LaunchDeps,
  job: Job,
  { cancel, detached }: { cancel: AbortSignal; detached: AbortSignal },
): Promise<{ door: OpenDoor & AsyncDisposable } | { failure: unknown }> => {
  try {
    const signal = AbortSignal.any([cancel, detached]);
    return { door: await launch(deps, await fetchImage(deps, job, signal), signal) };
  } catch (failure) {
    if (storageFailure(failure) || (detached.aborted && isGivenUp(failure))) throw failure;
    return { failure };
  }
};
