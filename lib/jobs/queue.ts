import { messageOf, StromboliError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Job } from "../store/job-rows.ts";
import type { JobStore } from "../store/jobs.ts";

export type Queue = ReturnType<typeof createQueue>;

type Deps = {
  jobs: Pick<JobStore, "claim" | "pending">;
  maxRunning: number;
  maxQueued: number;
  /** The same for jobs of one owner; 0: no limit. */
  perCaller: { maxRunning: number; maxQueued: number };
  log: Log;
  now: () => number;
};

const tryAgainMs = 1000;
const comeBack = { "Retry-After": "10" }; // by then some job may have ended

/** Gives waiting jobs their turn, whenever one has come or a place is free. `start` runs a job to its end. */
export const createQueue = (
  { jobs, maxRunning, maxQueued, perCaller, log, now }: Deps,
  start: (job: Job) => Promise<void>,
) => {
  const mostOfOne = perCaller.maxRunning || Number.MAX_SAFE_INTEGER;
  let running = 0;
  let open = true;
  let timer: NodeJS.Timeout | undefined;

  const next = (): Job | undefined => (open && running < maxRunning ? jobs.claim(now(), mostOfOne) : undefined);
  const run = async (work: () => Promise<void>): Promise<void> => {
    running += 1;
    try {
      await work();
    } finally {
      running -= 1;
      dispatch();
    }
  };
  const dispatch = (): void => {
    try {
      for (let job = next(); job; job = next()) void run(start.bind(undefined, job));
    } catch (error) {
      log.error({ error: messageOf(error) }, "no job could be given its turn; trying again");
      clearTimeout(timer);
      timer = setTimeout(dispatch, tryAgainMs).unref();
    }
  };

  return {
    dispatch,
    isOpen: () => open,
    /**
     * Throws `queue_full` when one more job would have to wait than may, `too_many_jobs` when it would be one more of its
     * owner than may, and `shutting_down` after the close.
     */
    checkRoom: (owner: string): void => {
      if (!open) throw new StromboliError("shutting_down", "the daemon is stopping; try again when it is back");
      if (perCaller.maxQueued > 0 && jobs.pending(owner) >= perCaller.maxQueued)
        throw new StromboliError("too_many_jobs", `${perCaller.maxQueued} jobs of ${owner} are waiting already`, {
          headers: comeBack,
        });
      if (jobs.pending() < maxQueued + Math.max(0, maxRunning - running)) return;
      throw new StromboliError("queue_full", `${maxQueued} jobs are waiting already`, { headers: comeBack });
    },
    /** Runs a job that had its turn in an earlier daemon; it takes a place, be there one or not. */
    resume: (work: () => Promise<void>): Promise<void> => run(work),
    /** Gives no more turns. */
    close(): void {
      open = false;
      clearTimeout(timer);
    },
  };
};

const bytesOfOverhead = 64 * 1024 * 1024; // conmon, broker, page tables
const jobsPerCore = 4; // an agent mostly waits for the model

/** How many jobs run at once where the configuration leaves it open: what memory and cores allow. */
export const maxRunningOf = (
  { memoryBytes, cores }: { memoryBytes: number; cores: number },
  jobMemoryBytes: number,
): number =>
  Math.max(1, Math.min(cores * jobsPerCore, Math.floor((memoryBytes * 0.75) / (jobMemoryBytes + bytesOfOverhead))));
