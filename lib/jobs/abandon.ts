import { messageOf } from "../errors.ts";
import type { Db } from "../store/database.ts";
import type { Job, JobStore } from "../store/jobs.ts";
import { cleanUp, type CleanUpDeps } from "./clean-up.ts";

export type AbandonDeps = CleanUpDeps & { db: Db; jobs: JobStore; now: () => number };

/** Undoes a job whose container never ran, and a session that was made for it. Runs again harmlessly after a crash. */
export const abandon = async (
  deps: AbandonDeps,
  job: Pick<Job, "id" | "container" | "sessionId" | "createdAt">,
  why: unknown,
): Promise<void> => {
  const error = messageOf(why);
  deps.log.warn({ job: job.id, error }, "run could not be started");
  const unused = (deps.sessionStore.find(job.sessionId)?.runs ?? 0) === 0; // also one that was not to be kept
  await cleanUp(deps, job, { forget: unused }); // before the row ends: a crash in between is found by its open row
  const endedAt = deps.now();
  const timings = { queue: 0, create: Math.max(0, endedAt - job.createdAt), hooks: 0, agent: 0, first_token: null };
  deps.db.transaction(() => {
    deps.jobs.ended(job.id, {
      outcome: "start_failed",
      exitCode: null,
      error,
      numTurns: null,
      usage: null,
      timings,
      endedAt,
    });
    if (unused) deps.sessionStore.remove(job.sessionId);
  })();
};
