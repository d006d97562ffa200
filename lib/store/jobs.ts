import { moves, type JobState, type Move, type StopReason } from "../jobs/state.ts";
import type { RunRequest } from "../schema/run.ts";
import { titleOf } from "../title.ts";
import type { Db } from "./database.ts";
import { columns, toJob, type Ending, type Job, type Row } from "./job-rows.ts";

export type NewJob = Pick<
  Job,
  "id" | "owner" | "sessionId" | "forkedFrom" | "container" | "image" | "timeoutMs" | "createdAt"
> & { request: RunRequest; serviceSecrets?: readonly string[] };

/** The moves of a job and their times: cheap to look at often. */
export type Progress = Pick<Job, "state" | "stopReason" | "createdAt" | "claimedAt" | "startedAt" | "pullMs">;

export type JobStore = ReturnType<typeof createJobStore>;

export const createJobStore = (db: Db) => ({ ...createReads(db), ...createMoves(db) });

const createReads = (db: Db) => {
  const byId = db.prepare<[string], Row>(`select ${columns} from jobs where id = ?`);
  const byContainer = db.prepare<[string], Row>(`select ${columns} from jobs where container = ?`);
  const request = db.prepare<[string], { request: string }>("select request from job_requests where job_id = ?");
  const progress = db.prepare<[string], Progress>(`
    select state, stop_reason as stopReason, created_at as createdAt, claimed_at as claimedAt, started_at as startedAt,
      pull_ms as pullMs
    from jobs where id = ?`);
  const open = db.prepare<[], Row>(`select ${columns} from jobs where state <> 'ended' order by seq`);
  const states = db.prepare<[], { state: JobState; count: number }>(
    "select state, count(*) as count from jobs where state <> 'ended' group by state",
  );
  const pending = db.prepare<[], { count: number }>(
    "select count(*) as count from jobs where state <> 'ended' and state = 'pending'",
  );
  const pendingOf = db.prepare<[string], { count: number }>(
    "select count(*) as count from jobs where state <> 'ended' and state = 'pending' and owner = ?",
  );
  const users = db.prepare<[{ id: string }], { id: string }>(`
    select id from jobs where state <> 'ended' and session_id = @id
    union all
    select id from jobs where state <> 'ended' and forked_from is not null and forked_from = @id and state <> 'running'`);

  return {
    find: (id: string): Job | undefined => maybe(byId.get(id)),
    withContainer: (name: string): Job | undefined => maybe(byContainer.get(name)),
    progress: (id: string): Progress | undefined => progress.get(id),
    /** What a job was asked for; the job has a row. */
    request: (id: string): RunRequest => JSON.parse(request.get(id)?.request ?? "{}") as RunRequest, // written by insert from a parsed request
    /** All jobs that have not ended, oldest first. */
    open: (): Job[] => open.all().map(toJob),
    /** How many jobs are in which state, those that have ended left out. */
    openByState: (): Record<string, number> =>
      Object.fromEntries(states.all().map(({ state, count }) => [state, count])),
    /** How many jobs wait for their turn, in all or of one owner. */
    pending: (owner?: string): number => (owner === undefined ? pending.get() : pendingOf.get(owner))?.count ?? 0,
    /** Whether a job that has not ended uses a session, or is a fork that has yet to copy its files. */
    uses: (sessionId: string): boolean => users.get({ id: sessionId }) !== undefined,
  };
};

const createMoves = (db: Db) => {
  const insert = db.prepare(insertJob);
  const insertRequest = db.prepare("insert into job_requests values (?, ?)");
  const claim = db.prepare<[{ at: number; mostOfOne: number }], Row>(`
    ${move("claimed")}, claimed_at = @at, updated_at = @at
    where seq = (${nextPending}) and ${from("claimed")} returning ${columns}`);
  const open = db.prepare(
    "update jobs set handle_hash = @hash, broker_port = @port where id = @id and state = 'starting'",
  );
  const pull = db.prepare(
    "update jobs set image_id = @id, image_digest = @digest, pull_ms = @ms where id = @job and state = 'starting'",
  );
  const start = db.prepare(
    `${move("started")}, started_at = @at, updated_at = @at where id = @id and ${from("started")}`,
  );
  const stop = db.prepare(`
    update jobs set stop_reason = @reason, updated_at = @at where id = @id and stop_reason is null and state <> 'ended'`);
  const end = db.prepare(endJob);

  return {
    insert: db.transaction(({ request, image, serviceSecrets = [], ...job }: NewJob): void => {
      const { reference, id: imageId, digest } = image;
      const pullMs = imageId === "" ? 0 : null;
      insert.run({
        ...job,
        ...described(request),
        reference,
        imageId,
        digest,
        pullMs,
        secrets: JSON.stringify(serviceSecrets),
      });
      insertRequest.run(job.id, JSON.stringify(request));
    }),
    /**
     * Gives the next job that may start its turn: the oldest of the highest priority whose session is free, and whose
     * owner has fewer than `mostOfOne` at work.
     */
    claim: (at: number, mostOfOne = Number.MAX_SAFE_INTEGER): Job | undefined => maybe(claim.get({ at, mostOfOne })),
    /** Remembers by what the broker knows a job. */
    opened: (id: string, door: { hash: string; port: number | null }): void => void open.run({ id, ...door }),
    /** The image of a job that had to have it pulled is here, after so long. */
    pulled: (job: string, { id, digest }: { id: string; digest: string }, ms: number): void =>
      void pull.run({ job, id, digest, ms: Math.round(ms) }),
    /** The moves answer false when the job was not where the move starts. */
    started: (id: string, at: number): boolean => start.run({ id, at }).changes === 1,
    /** The first reason to stop a job is the one that counts. */
    stopping: (id: string, reason: StopReason, at: number): boolean => stop.run({ id, reason, at }).changes === 1,
    ended: (id: string, { usage, timings, result, ...ending }: Ending): boolean =>
      end.run({
        id,
        ...ending,
        usage: usage && JSON.stringify(usage),
        timings: JSON.stringify(timings),
        resultStart: result?.start ?? null,
        resultEnd: result?.end ?? null,
      }).changes === 1,
  };
};

const insertJob = `
    insert into jobs (id, owner, state, session_id, forked_from, container, image_reference, image_id, image_digest,
      pull_ms, service_secrets, timeout_ms, handle_hash, priority, title, labels, output_format, webhook_url, created_at, updated_at)
    values (@id, @owner, 'pending', @sessionId, @forkedFrom, @container, @reference, @imageId, @digest,
      @pullMs, @secrets, @timeoutMs, '', @priority, @title, @labels, @outputFormat, @webhookUrl, @createdAt, @createdAt)`;

const move = (name: Move) => `update jobs set state = '${moves[name].to}'`;
const from = (name: Move) => `state in (${moves[name].from.map((state) => `'${state}'`).join(", ")})`;

const endJob = `
    ${move("ended")}, outcome = @outcome, exit_code = @exitCode, error = @error, num_turns = @numTurns, usage = @usage,
      timings = @timings, result_start = @resultStart, result_end = @resultEnd, partial_output = @partialOutput,
      bytes = @bytes, ended_at = @endedAt, updated_at = @endedAt
    where id = @id and ${from("ended")}`;

/**
 * Jobs on one session run in the order in which they came, whatever their priority, and a fork counts for the session
 * that it copies until it has done so. `state <> 'ended'` is said again wherever it lets SQLite take a partial index.
 */
const nextPending = `
  select waiting.seq from jobs as waiting
  where waiting.state = 'pending' and waiting.state <> 'ended'
    and waiting.owner not in (
      select owner from jobs where state <> 'ended' and state in ('starting', 'running')
      group by owner having count(*) >= @mostOfOne)
    and not exists (
      select 1 from jobs as other
      where other.state <> 'ended' and other.session_id = waiting.session_id
        and (other.state <> 'pending' or other.seq < waiting.seq))
    and not exists (
      select 1 from jobs as other
      where other.state <> 'ended' and other.session_id = waiting.forked_from
        and (other.state <> 'pending' or other.seq < waiting.seq))
    and not exists (
      select 1 from jobs as other
      where other.state <> 'ended' and other.forked_from is not null and other.forked_from = waiting.session_id
        and (other.state = 'starting' or (other.state = 'pending' and other.seq < waiting.seq)))
  order by waiting.priority desc, waiting.seq limit 1`;

/** What a request says that can be told without reading it again. */
const described = ({ prompt, priority, labels, claude, webhook_url }: RunRequest) => ({
  title: titleOf(prompt),
  priority: priority ?? 0,
  labels: JSON.stringify(labels ?? {}),
  outputFormat: claude?.output_format ?? "text",
  webhookUrl: webhook_url ?? null,
});

const maybe = (row: Row | undefined): Job | undefined => row && toJob(row);
