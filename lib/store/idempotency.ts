import type { Db } from "./database.ts";

/** How long a key stands for its first request. */
export const keyLifeMs = 24 * 60 * 60 * 1000;

export type IdempotencyStore = ReturnType<typeof createIdempotencyStore>;

/** A key is its caller's own. */
type Key = { owner: string; key: string };

/** Which job a key stands for. */
export const createIdempotencyStore = (db: Db) => {
  const insert = db.prepare("insert into idempotency_keys values (@owner, @key, @hash, @jobId, @at)");
  const byKey = db.prepare<[Key & { since: number }], { requestHash: string; jobId: string }>(`
    select request_hash as requestHash, job_id as jobId from idempotency_keys
    where owner = @owner and key = @key and created_at > @since`);
  const drop = db.prepare("delete from idempotency_keys where owner = @owner and key = @key and created_at <= @since");

  return {
    /** The job of a key that was used after `since`. */
    find: (key: Key, since: number) => byKey.get({ ...key, since }),
    /** Takes a key; throws SQLITE_CONSTRAINT_PRIMARYKEY when it was taken after `since`. */
    take(taken: Key & { hash: string; jobId: string; at: number; since: number }): void {
      drop.run(taken);
      insert.run(taken);
    },
  };
};
