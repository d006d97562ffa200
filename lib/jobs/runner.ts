import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { messageOf, StromboliError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { RunResponse } from "../schema/job.ts";
import type { RunRequest } from "../schema/run.ts";
import { millisecondsOf } from "../schema/units.ts";
import type { Job } from "../store/jobs.ts";
import { admit, type AdmissionDeps, type Admitted } from "./admit.ts";
import { cleanUp } from "./clean-up.ts";
import { jobFolder } from "./folder.ts";
import { launch, type LaunchDeps } from "./launch.ts";
import { recover } from "./recover.ts";
import { createTasks } from "./tasks.ts";
import { settle, type SettleDeps } from "./settle.ts";

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
      await abandon(deps, admitted, error);
      throw error;
    }
    return await finish(mustFind(deps, admitted.job.id), cancel);
  };

  const finish = async (job: Job, cancel: AbortSignal): Promise<RunResponse> => {
    const exitCode = await ended(deps, job, { cancel, detached: detached.signal });
    const current = mustFind(deps, job.id);
    const report = await settle(deps, current, { exitCode, folder: jobFolder(deps.jobsFolder, job.id) });
    deps.log.info({ job: job.id, session: job.sessionId, outcome: report.outcome, ms: report.timings_ms }, "run ended");
    void tasks.keep(cleanUp(deps, current)); // the answer need not wait for it; the daemon's end does
    return report;
  };

  const adopt = async (job: Job, door: AsyncDisposable): Promise<RunResponse> => {
    await using _ = door;
    return await finish(mustFind(deps, job.id), new AbortController().signal);
  };

  return {
    /** Admits a request and starts it; throws when it is refused. */
    async submit(request: RunRequest): Promise<LiveJob> {
      if (draining) throw new StromboliError("shutting_down", "the daemon is stopping; try again when it is back");
      const admitted = await admit(deps, request);
      const { id, sessionId } = admitted.job;
      deps.log.debug({ job: id, session: sessionId, image: admitted.plan.image }, "run admitted");
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

/** Waits for the container's end, and brings it about when time is up or the run is cancelled. */
const ended = async (
  deps: RunnerDeps,
  job: Job,
  { cancel, detached }: { cancel: AbortSignal; detached: AbortSignal },
): Promise<number | undefined> => {
  const exit = deps.containers.ended(job.container, detached);
  const timeLeft = Math.max(0, (job.deadlineAt ?? deps.now()) - deps.now());
  const over = new AbortController();
  const timer = pause(timeLeft, "timed_out" as const, { signal: over.signal, ref: false });
  const cancelled = aborted(cancel, over.signal);
  try {
    const reason = await Promise.race([exit.then(() => undefined), timer, cancelled]);
    if (reason) {
      deps.jobs.stopping(job.id, reason);
      await deps.containers.stop(job.container, millisecondsOf(deps.config.podman.stop_grace));
    }
    return await exit;
  } catch (error) {
    if (!detached.aborted) throw error;
    throw new StromboliError(
      "shutting_down",
      `the daemon is stopping; run ${job.id} goes on in its container and ends there`,
    );
  } finally {
    over.abort();
  }
};

const aborted = async (cancel: AbortSignal, over: AbortSignal): Promise<"cancelled"> => {
  if (!cancel.aborted) await once(cancel, "abort", { signal: over });
  return "cancelled";
};

/** Undoes a job whose container never ran. */
const abandon = async (deps: RunnerDeps, { job, choice }: Admitted, error: unknown): Promise<void> => {
  deps.log.warn({ job: job.id, error: messageOf(error) }, "run could not be started");
  const endedAt = deps.now();
  const timings = { queue: 0, create: endedAt - job.createdAt, hooks: 0, agent: 0, first_token: null };
  deps.db.transaction(() => {
    deps.jobs.ended(job.id, {
      outcome: "start_failed",
      exitCode: null,
      error: messageOf(error),
      usage: null,
      timings,
      endedAt,
    });
    if (choice.isNew) deps.sessionStore.remove(choice.id);
  })();
  await cleanUp(deps, job);
};

const mustFind = ({ jobs }: RunnerDeps, id: string): Job => {
  const job = jobs.find(id);
  if (!job) throw new Error(`job ${id} has no row`);
  return job;
};
