import { moves, type JobState, type Move } from "../jobs/state.ts";
import type { Outcome, Timings, Usage } from "../schema/job.ts";
import type { RunRequest } from "../schema/run.ts";
import type { Db } from "./database.ts";

export type StopReason = "timed_out" | "cancelled";
type Image = { reference: string; id: string; digest: string };

export type NewJob = {
  id: string;
  sessionId: string;
  request: RunRequest;
  container: string;
  image: Image;
  /** The session whose files the run's own starts with. */
  forkedFrom: string | null;
  timeoutMs: number;
  handleHash: string;
  createdAt: number;
};

export type Ending = {
  outcome: Outcome;
  exitCode: number | null;
  error: string | null;
  numTurns: number | null;
  usage: Usage | null;
  timings: Timings;
  endedAt: number;
};

export type Job = NewJob & {
  state: JobState;
  stopReason: StopReason | null;
  startedAt: number | null;
  ending: Ending | null;
};

type Row = {
  id: string;
  state: JobState;
  session_id: string;
  forked_from: string | null;
  request: string;
  container: string;
  image_reference: string;
  image_id: string;
  image_digest: string;
  timeout_ms: number;
  handle_hash: string;
  stop_reason: StopReason | null;
  outcome: Outcome | null;
  exit_code: number | null;
  error: string | null;
  num_turns: number | null;
  usage: string | null;
  timings: string | null;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
};

export type JobStore = ReturnType<typeof createJobStore>;

export const createJobStore = (db: Db) => {
  const insert = db.prepare(`
    insert into jobs (id, state, session_id, forked_from, request, container, image_reference, image_id, image_digest,
      timeout_ms, handle_hash, created_at, updated_at)
    values (@id, 'starting', @sessionId, @forkedFrom, @request, @container, @reference, @imageId, @digest,
      @timeoutMs, @handleHash, @createdAt, @createdAt)`);
  const byId = db.prepare<[string], Row>("select * from jobs where id = ?");
  const byContainer = db.prepare<[string], Row>("select * from jobs where container = ?");
  const open = db.prepare<[], Row>("select * from jobs where state <> 'ended' order by seq");
  const busy = db.prepare<[{ id: string }], { id: string }>(`
    select id from jobs where (session_id = @id and state in ('starting', 'running'))
      or (forked_from = @id and state = 'starting')`);
  const start = db.prepare(
    `${move("started")}, started_at = @at, updated_at = @at where id = @id and ${from("started")}`,
  );
  const stop = db.prepare(`
    update jobs set stop_reason = @reason, updated_at = @at where id = @id and stop_reason is null and state <> 'ended'`);
  const end = db.prepare(`
    ${move("ended")}, outcome = @outcome, exit_code = @exitCode, error = @error, num_turns = @numTurns, usage = @usage,
      timings = @timings, ended_at = @endedAt, updated_at = @endedAt
    where id = @id and ${from("ended")}`);

  return {
    /** Throws SQLITE_CONSTRAINT_UNIQUE when a run already uses the session. */
    insert: ({ request, image, ...job }: NewJob): void => {
      const { reference, id: imageId, digest } = image;
      insert.run({ ...job, request: JSON.stringify(request), reference, imageId, digest });
    },
    find: (id: string): Job | undefined => maybe(byId.get(id)),
    withContainer: (name: string): Job | undefined => maybe(byContainer.get(name)),
    /** All jobs that have not ended, oldest first. */
    open: (): Job[] => open.all().map(toJob),
    /** Whether a run uses a session, or a fork still copies its files. */
    uses: (sessionId: string): boolean => busy.get({ id: sessionId }) !== undefined,
    /** The moves answer false when the job was not where the move starts. */
    started: (id: string, at: number): boolean => start.run({ id, at }).changes === 1,
    /** The first reason to stop a job is the one that counts. */
    stopping: (id: string, reason: StopReason, at: number): boolean => stop.run({ id, reason, at }).changes === 1,
    ended: (id: string, { usage, timings, ...ending }: Ending): boolean =>
      end.run({ id, ...ending, usage: usage && JSON.stringify(usage), timings: JSON.stringify(timings) }).changes === 1,
  };
};

const move = (name: Move) => `update jobs set state = '${moves[name].to}'`;
const from = (name: Move) => `state in (${moves[name].from.map((state) => `'${state}'`).join(", ")})`;

const maybe = (row: Row | undefined): Job | undefined => row && toJob(row);

const toJob = (row: Row): Job => ({
  id: row.id,
  state: row.state,
  sessionId: row.session_id,
  request: JSON.parse(row.request) as RunRequest, // written by insert from a parsed request
  container: row.container,
  image: { reference: row.image_reference, id: row.image_id, digest: row.image_digest },
  forkedFrom: row.forked_from,
  timeoutMs: row.timeout_ms,
  handleHash: row.handle_hash,
  stopReason: row.stop_reason,
  createdAt: row.created_at,
  startedAt: row.started_at,
  ending: toEnding(row),
});

const toEnding = (row: Row): Ending | null => {
  if (row.outcome === null || row.ended_at === null || row.timings === null) return null;
  return {
    outcome: row.outcome,
    exitCode: row.exit_code,
    error: row.error,
    numTurns: row.num_turns,
    usage: row.usage === null ? null : (JSON.parse(row.usage) as Usage), // written by ended
    timings: JSON.parse(row.timings) as Timings, // written by ended
    endedAt: row.ended_at,
  };
};
