import { setTimeout as pause } from "node:timers/promises";
import { StromboliError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { RunResponse } from "../schema/job.ts";
import type { RunRequest } from "../schema/run.ts";
import { millisecondsOf } from "../schema/units.ts";
import type { Job } from "../store/jobs.ts";
import { abandon } from "./abandon.ts";
import { admit, type AdmissionDeps, type Admitted } from "./admit.ts";
import { cleanUp } from "./clean-up.ts";
import { jobFolder } from "./folder.ts";
import { launch, type LaunchDeps } from "./launch.ts";
import { recover } from "./recover.ts";
import { createTasks } from "./tasks.ts";
import { settle, type SettleDeps } from "./settle.ts";
import { waitForEnd, type Watch } from "./wait.ts";

export type RunnerDeps = AdmissionDeps & LaunchDeps & SettleDeps & { log: Log };
export type Runner = ReturnType<typeof createRunner>;

/** A job that somebody waits for. `done` fails with `shutting_down` when the daemon stops first; the job goes on. */
export type LiveJob = {
  id: string;
  sessionId: string;
  outputPath: string;
  done: Promise<RunResponse>;
  cancel: () => void;
};

/** Runs jobs, each from its row to its result. The daemon may stop at any point: the container goes on without it. */
export const createRunner = (deps: RunnerDeps) => {
  const tasks = createTasks();
  const detached = new AbortController();
  let draining = false;

  const life = async (admitted: Admitted, cancel: AbortSignal): Promise<RunResponse> => {
    await using stack = new AsyncDisposableStack();
    try {
      stack.use(await launch(deps, admitted));
    } catch (error) {
      await abandon(deps, admitted.job, error);
      throw error;
    }
    return await finish(admitted.job.id, { cancel });
  };

  const finish = async (id: string, { cancel = never, takenUp = false }): Promise<RunResponse> => {
    const report = await conclude(deps, id, { cancel, takenUp, detached: detached.signal });
    void tasks.keep(cleanUp(deps, mustFind(deps, id))); // the answer need not wait for it; the daemon's end does
    return report;
  };

  const adopt = async (job: Job, door: AsyncDisposable): Promise<void> => {
    await using _ = door;
    try {
      await finish(job.id, { takenUp: true });
    } catch (error) {
      if (!detached.signal.aborted) deps.log.error({ job: job.id, err: error }, "a job could not be settled");
    }
  };

  const checkOpen = () => {
    if (draining) throw new StromboliError("shutting_down", "the daemon is stopping; try again when it is back");
  };

  return {
    /** Admits a request and starts it; throws when it is refused. */
    async submit(request: RunRequest): Promise<LiveJob> {
      checkOpen();
      const admitted = await tasks.keep(admit(deps, request, checkOpen));
      const { id, sessionId } = admitted.job;
      const cancel = new AbortController();
      const done = tasks.keep(life(admitted, cancel.signal));
      const outputPath = jobFolder(deps.jobsFolder, id).output;
      return { id, sessionId, outputPath, done, cancel: () => cancel.abort() };
    },

    /** Takes up the jobs of a daemon that ended before they did, and removes what else it left. */
    recover: () => recover(deps, (job, door) => void tasks.keep(adopt(job, door))),

    /** Lets the runs in flight end for a while, then leaves the rest to the next daemon. */
    async drain(): Promise<void> {
      draining = true;
      const grace = pause(millisecondsOf(deps.config.server.shutdown_grace), undefined, { ref: false });
      await Promise.race([tasks.done(), grace]);
      detached.abort();
      await tasks.done();
    },
  };
};

/** From a container that runs to a row that is closed. */
const conclude = async (deps: RunnerDeps, id: string, watch: Watch): Promise<RunResponse> => {
  const end = await waitForEnd(deps, mustFind(deps, id), watch);
  const job = mustFind(deps, id); // anew: it may have been told to stop
  const report = await retried(deps, watch.detached, () =>
    settle(deps, job, { ...end, folder: jobFolder(deps.jobsFolder, id) }),
  );
  deps.log.info({ job: id, session: job.sessionId, outcome: report.outcome, ms: report.timings_ms }, "run ended");
  return report;
};

const retryDelaysMs = [500, 3000, 10_000];

/** A disk that is full for a moment must not leave a job open until the next start. */
const retried = async <Value>({ log }: RunnerDeps, signal: AbortSignal, work: () => Promise<Value>): Promise<Value> => {
  for (const delayMs of retryDelaysMs) {
    try {
      return await work();
    } catch (error) {
      log.error({ err: error, delayMs }, "a job could not be settled; trying again");
      await pause(delayMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }
  return work();
};

const never = new AbortController().signal; // nobody waits for a job that was taken up, so nobody cancels it

const mustFind = ({ jobs }: RunnerDeps, id: string): Job => {
  const job = jobs.find(id);
  if (!job) throw new Error(`job ${id} has no row`);
  return job;
};
