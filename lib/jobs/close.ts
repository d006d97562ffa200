import type { Db } from "../store/database.ts";
import type { DeliveryStore } from "../store/deliveries.ts";
import type { Ending, Job } from "../store/job-rows.ts";
import type { JobStore } from "../store/jobs.ts";
import type { SessionStore } from "../store/sessions.ts";
import { patienceMs } from "../webhooks/backoff.ts";

export type CloseDeps = {
  db: Db;
  jobs: JobStore;
  sessionStore: SessionStore;
  deliveries: Pick<DeliveryStore, "insert">;
  now: () => number;
};

/** Ends a job once, in one transaction with all that follows from it; false when it had ended before. */
export const close = (deps: CloseDeps, job: Job, ending: Ending): boolean =>
  deps.db.transaction(() => {
    if (!deps.jobs.ended(job.id, ending)) return false;
    if (job.startedAt === null) forgetUnused(deps, job.sessionId);
    else deps.sessionStore.used(job.sessionId, ending.endedAt, ending.usage?.estimated_cost_usd ?? 0);
    if (job.forkedFrom !== null) forgetUnused(deps, job.forkedFrom);
    if (job.webhookUrl !== null) tell(deps, { jobId: job.id, url: job.webhookUrl, createdAt: deps.now() });
    return true;
  })();

/** A session that was made for a job whose agent never ran. */
const forgetUnused = ({ jobs, sessionStore }: CloseDeps, id: string): void => {
  if (sessionStore.find(id)?.runs === 0 && !jobs.uses(id)) sessionStore.remove(id);
};

const tell = ({ deliveries }: CloseDeps, what: { jobId: string; url: string; createdAt: number }): void =>
  deliveries.insert({ id: crypto.randomUUID(), ...what, giveUpAt: what.createdAt + patienceMs });
