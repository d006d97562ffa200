import { setTimeout as pause } from "node:timers/promises";
import type { Caller } from "../auth/caller.ts";
import { StromboliError } from "../errors.ts";
import { untilItWorks } from "../persist.ts";
import type { DryRun } from "../schema/dry-run.ts";
import { bytesOf, millisecondsOf } from "../schema/units.ts";
import { createTasks } from "../tasks.ts";
import { admit, type AdmissionDeps, type Admitted, type Asked } from "./admit.ts";
import { cancel } from "./cancel.ts";
import { dryRun } from "./dry-run.ts";
import { createLife, type LifeDeps } from "./life.ts";
import { createLiveJobs } from "./live.ts";
import { createQueue, maxRunningOf } from "./queue.ts";
import type { JobStacks } from "./stacks.ts";
import { leftovers, removeLeftovers } from "./recover.ts";

export type RunnerDeps = AdmissionDeps &
  LifeDeps & {
    stacks: Pick<JobStacks, "raise" | "release" | "recover" | "stop">;
    capacity: { memoryBytes: number; cores: number };
  };
export type Runner = ReturnType<typeof createRunner>;

/** Runs jobs, each from its row to its result. The daemon may stop at any point: the container goes on without it. */
export const createRunner = (deps: RunnerDeps) => {
  const { config, log, jobs, now } = deps;
  const [tasks, waiters] = [createTasks(), createTasks()];
  const detached = new AbortController();
  const liveJobs = createLiveJobs();
  const life = createLife(deps, { liveJobs, tasks, detached: detached.signal, onStart: () => queue.dispatch() });
  const maxRunning = config.jobs.max_running || maxRunningOf(deps.capacity, bytesOf(config.defaults.memory));
  const { max_queued: maxQueued, max_running_per_caller, max_queued_per_caller } = config.jobs;
  const perCaller = { maxRunning: max_running_per_caller, maxQueued: max_queued_per_caller };
  const queue = createQueue({ jobs, maxRunning, maxQueued, perCaller, log, now }, (job) => tasks.keep(life.begin(job)));
  return {
    /** Takes a request in; throws when it is refused. */
    async submit(asked: Asked): Promise<Admitted> {
      const admitted = await tasks.keep(admit(deps, asked, queue.checkRoom));
      if (!admitted.isRepeat) liveJobs.add(admitted.id);
      queue.dispatch();
      return admitted;
    },

    dryRun: (asked: Asked): Promise<DryRun> => tasks.keep(dryRun(deps, asked, queue.checkRoom)),
    /** Until a job has ended; fails with why it could not start, or `shutting_down`. */
    ended: (id: string): Promise<void> => waiters.keep(liveJobs.get(id)?.ended ?? Promise.resolve()),
    bellOf: (id: string) => liveJobs.get(id)?.bell,
    isDraining: () => !queue.isOpen(),

    /** Ends a job as cancelled, and waits for that; throws `job_ended` when it has ended otherwise, or is about to. */
    cancel: (caller: Caller, id: string): Promise<void> =>
      waiters.keep(cancel(deps, { liveJobs, queue }, { id, caller })),

    /** Takes up the jobs of a daemon that ended before they did, and removes what else it left. */
    async recover(): Promise<void> {
      for (const job of jobs.open()) {
        liveJobs.add(job.id);
        if (job.state !== "pending") void tasks.keep(queue.resume(() => life.takeUp(job)));
      }
      const left = await leftovers(deps).catch(() => undefined); // before new jobs come, with containers that are no leftovers
      void tasks.keep(Promise.all([removeLeftovers(deps, left, detached.signal), deps.stacks.recover()]));
      queue.dispatch();
    },

    /** Ends a run whose client has gone; not one that we have left ourselves. */
    leave(id: string): void {
      if (detached.signal.aborted) return;
      const work = () => cancel(deps, { liveJobs, queue }, { id }).catch(unlessOver);
      const options = { what: "cancelling a run without a client", log, signal: detached.signal };
      void tasks.keep(untilItWorks(work, options).catch(() => {})); // stopping: it goes on
    },

    /** Lets those who wait for a run have their answers for a while, then leaves all jobs to the next daemon. */
    async drain(): Promise<void> {
      queue.close();
      const grace = pause(millisecondsOf(config.server.shutdown_grace), undefined, { ref: false });
      await Promise.race([waiters.done(), grace]);
      detached.abort();
      deps.stacks.stop();
      liveJobs.abandon(goesOn);
      await tasks.done();
    },
  };
};

/** A job that has ended, or is ended otherwise, needs no cancelling. */
const unlessOver = (error: unknown): void => {
  if (!(error instanceof StromboliError && ["job_ended", "job_not_found"].includes(error.code))) throw error;
};

const goesOn = (id: string): StromboliError =>
  new StromboliError("shutting_down", `the daemon is stopping; ${id} goes on without you, see GET /jobs/${id}`);
