import type { Db } from "./database.ts";

/** What is kept: all that is not from before `before`, as far as it fits into `limit` bytes. */
export type Rule = { before: number; limit: number };

export type ExpiredJob = { id: string; bytes: number };
export type IdleSession = { id: string; lastUsedAt: number };

export type RetentionStore = ReturnType<typeof createRetentionStore>;

/** What may go, oldest first. A job or a session that is needed again meanwhile is not removed: the DELETE asks anew. */
export const createRetentionStore = (db: Db) => {
  const expired = db.prepare<[Rule], ExpiredJob>(`
    with sized as (
      select id, seq, ended_at, bytes, sum(bytes) filter (where bytes <= @limit)
        over (order by ended_at desc, seq desc rows unbounded preceding) as kept
      from jobs where state = 'ended')
    select id, bytes from sized as job
    where (ended_at < @before or bytes > @limit or kept > @limit) and ${isDelivered}
    order by ended_at, seq`);
  const removeJob = db.prepare<[string]>(`delete from jobs as job where id = ? and state = 'ended' and ${isDelivered}`);
  const lostJobs = db.prepare<[string], string>(`
    select value from json_each(?) where not exists (select 1 from jobs where id = value)`);

  const idle = db.prepare<[{ before: number }], IdleSession>(`
    select id, last_used_at as lastUsedAt from sessions as session
    where last_used_at < @before and ${isUnused("session.id")} order by last_used_at, id`);
  const stillIdle = db.prepare<[IdleSession]>(`
    select 1 from sessions as session where id = @id and last_used_at = @lastUsedAt and ${isUnused("session.id")}`);
  const removeSession = db.prepare<[IdleSession]>(`
    delete from sessions as session where id = @id and last_used_at = @lastUsedAt and ${isUnused("session.id")}`);
  const lostSessions = db.prepare<[string], string>(`
    select value from json_each(?)
    where not exists (select 1 from sessions where id = value) and ${isUnused("value")}`);

  const dropKeys = db.prepare<[number]>("delete from idempotency_keys where created_at <= ?");

  return {
    expiredJobs: (rule: Rule): ExpiredJob[] => expired.all(rule),
    /** With all that hangs on it; false when the job has to stay, or is not there. */
    removeJob: (id: string): boolean => removeJob.run(id).changes === 1,
    /** Those of some ids that no job has. */
    lostJobs: (ids: readonly string[]): string[] => lostJobs.pluck().all(JSON.stringify(ids)),

    /** Sessions that were used last before a moment, and that no open job uses. */
    idleSessions: (before: number): IdleSession[] => idle.all({ before }),
    isIdle: (session: IdleSession): boolean => stillIdle.get(session) !== undefined,
    /** False when the session was used meanwhile, or is not there. */
    removeSession: (session: IdleSession): boolean => removeSession.run(session).changes === 1,
    /** Those of some ids that no session has, and no open job uses. */
    lostSessions: (ids: readonly string[]): string[] => lostSessions.pluck().all(JSON.stringify(ids)),

    /** Forgets the idempotency keys of a moment and before; says how many. */
    dropOldKeys: (at: number): number => dropKeys.run(at).changes,
  };
};

/** A delivery that is due reads the job's output when its turn comes. */
const isDelivered =
  "not exists (select 1 from webhook_deliveries where job_id = job.id and webhook_deliveries.state = 'pending')";

/** The open jobs are few, those of one session in the course of time may be many. */
const isUnused = (id: string) => `
  ${id} not in (select session_id from jobs where state <> 'ended')
  and ${id} not in (select forked_from from jobs where state <> 'ended' and forked_from is not null)`;
