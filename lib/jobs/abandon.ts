import { storageFailure, StromboliError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Ending, Job } from "../store/job-rows.ts";
import { cleanUp, type CleanUpDeps } from "./clean-up.ts";
import { close, type CloseDeps } from "./close.ts";
import { pullMsOf, timingsOf } from "./timings.ts";

export type AbandonDeps = CleanUpDeps & CloseDeps & { log: Log };

/** Ends a job whose container never ran, and a session that was made for it. Runs again harmlessly after a crash. */
export const abandon = async (deps: AbandonDeps, job: Job, why: unknown): Promise<void> => {
  const known = why instanceof StromboliError ? why : storageFailure(why);
  const error = known?.message ?? "the run could not be started; the daemon's log has the details";
  deps.log.warn({ job: job.id, ...(known ? { error } : { err: why }) }, "run could not be started");
  const unused = (deps.sessionStore.find(job.sessionId)?.runs ?? 0) === 0; // also one that was not to be kept
  // before the row ends: a crash in between is found by its open row, and its services by a row of their own
  await cleanUp(deps, job, { forget: unused, services: false });
  const current = deps.jobs.find(job.id) ?? job; // it may have its image by now
  const { stopReason } = current;
  const ending = unstarted(current, { at: deps.now(), error: stopReason === "cancelled" ? undefined : error });
  close(deps, job, stopReason === "timed_out" ? { ...ending, outcome: "timed_out" } : ending);
};

/** Ends a job before its turn has come. */
export const withdraw = (deps: CloseDeps, job: Job): boolean =>
  close(deps, job, unstarted(job, { at: deps.now(), error: undefined }));

/** Also of a pull that was in vain; null for a job that needed none, or whose turn has not come. */
const pulledFor = (job: Job, at: number): number | null => {
  if (job.pullMs === null || job.claimedAt === null) return null;
  return job.image.id === "" ? pullMsOf(job, at) : job.pullMs;
};

/** How a job ends that no agent has worked on: cancelled, unless there is an error. */
const unstarted = (job: Job, { at, error }: { at: number; error: string | undefined }): Ending => ({
  outcome: error === undefined ? "cancelled" : "start_failed",
  exitCode: null,
  error: error ?? "the run was cancelled before it began",
  numTurns: null,
  usage: null,
  timings: timingsOf(
    { ...job, startedAt: null, pullMs: pulledFor(job, at) },
    { endedAt: at, hooks: undefined, firstTokenAt: null },
  ),
  result: null,
  partialOutput: "",
  bytes: 0,
  endedAt: Math.max(job.createdAt, at),
});
