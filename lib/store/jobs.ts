import { moves, type JobState, type Move } from "../jobs/state.ts";
import type { Outcome, Timings, Usage } from "../schema/job.ts";
import type { RunRequest } from "../schema/run.ts";
import type { Db } from "./database.ts";

export type StopReason = "timed_out" | "cancelled";
export type Image = { reference: string; id: string; digest: string };

export type NewJob = {
  id: string;
  sessionId: string;
  request: RunRequest;
  container: string;
  image: Image;
  handleHash: string;
  createdAt: number;
};

export type Ending = {
  outcome: Outcome;
  exitCode: number | null;
  error: string | null;
  usage: Usage | null;
  timings: Timings;
  endedAt: number;
};

export type Job = NewJob & {
  state: JobState;
  stopReason: StopReason | null;
  startedAt: number | null;
  deadlineAt: number | null;
  ending: Ending | null;
};

type Row = {
  id: string;
  state: JobState;
  session_id: string;
  request: string;
  container: string;
  image_reference: string;
  image_id: string;
  image_digest: string;
  handle_hash: string;
  stop_reason: StopReason | null;
  outcome: Outcome | null;
  exit_code: number | null;
  error: string | null;
  usage: string | null;
  timings: string | null;
  created_at: number;
  started_at: number | null;
  deadline_at: number | null;
  ended_at: number | null;
};

export type JobStore = ReturnType<typeof createJobStore>;

export const createJobStore = (db: Db) => {
  const insert = db.prepare(`
    insert into jobs (id, state, session_id, request, container, image_reference, image_id, image_digest, handle_hash, created_at)
    values (@id, 'starting', @sessionId, @request, @container, @reference, @imageId, @digest, @handleHash, @createdAt)`);
  const byId = db.prepare<[string], Row>("select * from jobs where id = ?");
  const byContainer = db.prepare<[string], Row>("select * from jobs where container = ?");
  const open = db.prepare<[], Row>("select * from jobs where state <> 'ended' order by created_at");
  const busy = db.prepare<[string], { id: string }>("select id from jobs where session_id = ? and state <> 'ended'");
  const start = db.prepare(`
    update jobs set state = 'running', started_at = @at, deadline_at = @deadline where id = @id and ${from("started")}`);
  const stop = db.prepare("update jobs set stop_reason = ? where id = ? and stop_reason is null and state <> 'ended'");
  const end = db.prepare(`
    update jobs set state = 'ended', outcome = @outcome, exit_code = @exitCode, error = @error, usage = @usage,
      timings = @timings, ended_at = @endedAt
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
    uses: (sessionId: string): boolean => busy.get(sessionId) !== undefined,
    /** The moves answer false when the job was not where the move starts. */
    started: (id: string, at: number, deadline: number): boolean => start.run({ id, at, deadline }).changes === 1,
    /** The first reason to stop a job is the one that counts. */
    stopping: (id: string, reason: StopReason): boolean => stop.run(reason, id).changes === 1,
    ended: (id: string, { usage, timings, ...ending }: Ending): boolean =>
      end.run({ id, ...ending, usage: usage && JSON.stringify(usage), timings: JSON.stringify(timings) }).changes === 1,
  };
};

const from = (move: Move) => `state in (${moves[move].from.map((state) => `'${state}'`).join(", ")})`;

const maybe = (row: Row | undefined): Job | undefined => row && toJob(row);

const toJob = (row: Row): Job => ({
  id: row.id,
  state: row.state,
  sessionId: row.session_id,
  request: JSON.parse(row.request) as RunRequest, // written by insert from a parsed request
  container: row.container,
  image: { reference: row.image_reference, id: row.image_id, digest: row.image_digest },
  handleHash: row.handle_hash,
  stopReason: row.stop_reason,
  createdAt: row.created_at,
  startedAt: row.started_at,
  deadlineAt: row.deadline_at,
  ending: toEnding(row),
});

const toEnding = (row: Row): Ending | null => {
  if (row.outcome === null || row.ended_at === null || row.timings === null) return null;
  return {
    outcome: row.outcome,
    exitCode: row.exit_code,
    error: row.error,
    usage: row.usage === null ? null : (JSON.parse(row.usage) as Usage), // written by ended
    timings: JSON.parse(row.timings) as Timings, // written by ended
    endedAt: row.ended_at,
  };
};
