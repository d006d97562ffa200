import type { Db } from "./database.ts";

/** How long a key stands for its first request. */
export const keyLifeMs = 24 * 60 * 60 * 1000;

export type IdempotencyStore = ReturnType<typeof createIdempotencyStore>;

/** Which job a key stands for. */
export const createIdempotencyStore = (db: Db) => {
  const insert = db.prepare("insert into idempotency_keys (key, request_hash, job_id, created_at) values (?, ?, ?, ?)");
  const byKey = db.prepare<[string, number], { requestHash: string; jobId: string }>(
    "select request_hash as requestHash, job_id as jobId from idempotency_keys where key = ? and created_at > ?",
  );
  const drop = db.prepare("delete from idempotency_keys where key = ? and created_at <= ?");

  return {
    /** The job of a key that was used after `since`. */
    find: (key: string, since: number) => byKey.get(key, since),
    /** Takes a key; throws SQLITE_CONSTRAINT_PRIMARYKEY when it was taken after `since`. */
    take({
      key,
      hash,
      jobId,
      at,
      since,
    }: {
      key: string;
      hash: string;
      jobId: string;
      at: number;
      since: number;
    }): void {
      drop.run(key, since);
      insert.run(key, hash, jobId, at);
    },
  };
};
