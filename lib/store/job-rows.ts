import type { JobState, StopReason } from "../jobs/state.ts";
import type { OutputFormat } from "../schema/claude.ts";
import type { Outcome, Timings, Usage } from "../schema/job.ts";

type Image = { reference: string; id: string; digest: string };

/** Where the result stands in the output file, in bytes. */
export type Place = { start: number; end: number };

export type Ending = {
  outcome: Outcome;
  exitCode: number | null;
  error: string | null;
  numTurns: number | null;
  usage: Usage | null;
  timings: Timings;
  /** The line of the result in the output file; null when the agent wrote none. */
  result: Place | null;
  /** The last words of an agent that gave no result. */
  partialOutput: string;
  /** What the job's folder takes on the disk. */
  bytes: number;
  endedAt: number;
};

/** A row of `jobs`; its request, which can be megabytes, is a row of its own. */
export type Job = {
  id: string;
  seq: number;
  /** The name of the caller whose it is. */
  owner: string;
  state: JobState;
  sessionId: string;
  /** The session whose files the run's own starts with. */
  forkedFrom: string | null;
  container: string;
  /** Without an id while the job has yet to have it pulled. */
  image: Image;
  /** How long it has had its image pulled; null when the image was there. */
  pullMs: number | null;
  /** Secrets that its services were allowed when it was let in. */
  serviceSecrets: readonly string[];
  timeoutMs: number;
  handleHash: string;
  brokerPort: number | null;
  priority: number;
  title: string;
  labels: Record<string, string>;
  outputFormat: OutputFormat;
  webhookUrl: string | null;
  stopReason: StopReason | null;
  createdAt: number;
  updatedAt: number;
  claimedAt: number | null;
  startedAt: number | null;
  ending: Ending | null;
};

export type Row = {
  id: string;
  seq: number;
  owner: string;
  state: JobState;
  session_id: string;
  forked_from: string | null;
  container: string;
  image_reference: string;
  image_id: string;
  image_digest: string;
  pull_ms: number | null;
  service_secrets: string;
  timeout_ms: number;
  handle_hash: string;
  broker_port: number | null;
  priority: number;
  title: string;
  labels: string;
  output_format: OutputFormat;
  webhook_url: string | null;
  stop_reason: StopReason | null;
  outcome: Outcome | null;
  exit_code: number | null;
  error: string | null;
  num_turns: number | null;
  usage: string | null;
  timings: string | null;
  result_start: number | null;
  result_end: number | null;
  partial_output: string;
  bytes: number;
  created_at: number;
  updated_at: number;
  claimed_at: number | null;
  started_at: number | null;
  ended_at: number | null;
};

/** All of {@link Row}, for a `select`. */
export const columns = `id, seq, owner, state, session_id, forked_from, container, image_reference, image_id, image_digest,
  pull_ms, service_secrets, timeout_ms, handle_hash, broker_port, priority, title, labels, output_format, webhook_url, stop_reason, outcome,
  exit_code, error, num_turns, usage, timings, result_start, result_end, partial_output, bytes, created_at, updated_at,
  claimed_at, started_at, ended_at`;

export const toJob = (row: Row): Job => ({
  id: row.id,
  seq: row.seq,
  owner: row.owner,
  state: row.state,
  sessionId: row.session_id,
  forkedFrom: row.forked_from,
  container: row.container,
  image: { reference: row.image_reference, id: row.image_id, digest: row.image_digest },
  pullMs: row.pull_ms,
  serviceSecrets: JSON.parse(row.service_secrets) as string[], // written by insert
  timeoutMs: row.timeout_ms,
  handleHash: row.handle_hash,
  brokerPort: row.broker_port,
  priority: row.priority,
  title: row.title,
  labels: JSON.parse(row.labels) as Record<string, string>, // written by insert from a parsed request
  outputFormat: row.output_format,
  webhookUrl: row.webhook_url,
  stopReason: row.stop_reason,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  claimedAt: row.claimed_at,
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
    result:
      row.result_start === null || row.result_end === null ? null : { start: row.result_start, end: row.result_end },
    partialOutput: row.partial_output,
    bytes: row.bytes,
    endedAt: row.ended_at,
  };
};
