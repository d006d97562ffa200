import type { Db } from "./database.ts";

/** `hash`: of the plan that it was made from. `keepMs`: how long it stays up without a job, 0 for not at all. */
export type Stack = { sessionId: string; jobId: string; hash: string; keepMs: number; idleSince: number | null };
export type StackStore = ReturnType<typeof createStackStore>;

const columns = "session_id as sessionId, job_id as jobId, hash, keep_ms as keepMs, idle_since as idleSince";

/** Which stacks are up, or may be: a row is written before anything is made, and removed after all is gone. */
export const createStackStore = (db: Db) => {
  const bySession = db.prepare<[string], Stack>(`select ${columns} from stacks where session_id = ?`);
  const take = db.prepare(
    "insert or replace into stacks (session_id, job_id, hash, keep_ms, idle_since) values (@sessionId, @jobId, @hash, @keepMs, null)",
  );
  const idle = db.prepare("update stacks set idle_since = ? where session_id = ?");
  const remove = db.prepare("delete from stacks where session_id = ?");
  /** A stack that is kept, and when it goes down: at once if its session is gone, or so many were kept since. */
  const kept = `
    select *, case
        when row_number() over (order by idle_since desc, session_id) > @maxKept
          or not exists (select 1 from sessions where id = stacks.session_id) then 0
        else idle_since + keep_ms
      end as expires_at
    from stacks where idle_since is not null`;
  const expired = db.prepare<[{ at: number; maxKept: number }], Stack>(
    `select ${columns} from (${kept}) where expires_at <= @at`,
  );
  const nextExpiry = db.prepare<[{ maxKept: number }], { at: number | null }>(
    `select min(expires_at) as at from (${kept})`,
  );
  const left = db.prepare<[], Stack>(`
    select ${columns} from stacks
    where idle_since is null and not exists (select 1 from jobs where id = stacks.job_id and state <> 'ended')`);

  return {
    find: (sessionId: string): Stack | undefined => bySession.get(sessionId),
    /** A job uses the stack of its session from now on. */
    take: (stack: Omit<Stack, "idleSince">): void => void take.run(stack),
    idle: (sessionId: string, at: number): void => void idle.run(at, sessionId),
    remove: (sessionId: string): void => void remove.run(sessionId),
    /** Those that were kept long enough, or are too many, or whose session is gone. */
    expired: (due: { at: number; maxKept: number }): Stack[] => expired.all(due),
    /** When the next of those that are kept goes down; 0: at once. */
    nextExpiry: (maxKept: number): number | undefined => nextExpiry.get({ maxKept })?.at ?? undefined,
    /** Those whose job ended just before the daemon did. */
    left: (): Stack[] => left.all(),
  };
};
