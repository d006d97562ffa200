import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import { createRetentionStore } from "../../lib/store/retention.ts";
import { endingOf, newJob, openStores } from "../harness.ts";

type Ended = { endedAt?: number; bytes?: number };
type Open = { state?: "pending" | "starting" | "running"; sessionId?: string; forkedFrom?: string };

/** The real stores, and rows as retention finds them. */
export const openRows = (t: TestContext) => {
  const { db, jobs, sessions } = openStores(t);
  return {
    db,
    sessions,
    store: createRetentionStore(db),
    addSession: (lastUsedAt: number, id: string = randomUUID()): string => {
      sessions.insert({ owner: "local", id, title: "t", workdir: "/workspace", createdAt: lastUsedAt });
      return id;
    },
    addJob: ({ endedAt = 2000, bytes = 0 }: Ended = {}): string => {
      const job = newJob();
      jobs.insert(job);
      jobs.ended(job.id, { ...endingOf({ endedAt }), result: null, partialOutput: "", bytes });
      return job.id;
    },
    addOpenJob: ({ state = "running", ...use }: Open = {}): string => {
      const job = newJob(use);
      jobs.insert(job);
      db.prepare("update jobs set state = ? where id = ?").run(state, job.id);
      return job.id;
    },
    addDelivery: (jobId: string, state: "pending" | "delivered" | "failed"): void => {
      db.prepare(`
        insert into webhook_deliveries (id, job_id, url, state, created_at, give_up_at, next_attempt_at)
        values (?, ?, 'https://example.com', ?, 0, 0, ?)`).run(
        randomUUID(),
        jobId,
        state,
        state === "pending" ? 1 : null,
      );
    },
    addKey: (key: string, jobId: string, at: number): void => {
      db.prepare("insert into idempotency_keys values ('local', ?, 'hash', ?, ?)").run(key, jobId, at);
    },
    /** What one column of a table holds. */
    column: (table: string, name: string): string[] =>
      db.prepare<[], string>(`select ${name} from ${table} order by rowid`).pluck().all(),
  };
};
