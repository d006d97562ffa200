import type { Usage } from "../schema/job.ts";
import type { Db } from "./database.ts";

/** One request of an agent to the model API, as the broker saw it. */
export type ApiRequest = {
  jobId: string;
  startedAt: number;
  path: string;
  model: string;
  status: number;
  inputTokens: number;
  outputTokens: number;
  cacheCreationInputTokens: number;
  cacheReadInputTokens: number;
  firstByteMs: number | null;
  durationMs: number;
};

export type ApiRequestStore = ReturnType<typeof createApiRequestStore>;

export const createApiRequestStore = (db: Db) => {
  const insert = db.prepare<[ApiRequest]>(`
    insert into api_requests values (@jobId, @startedAt, @path, @model, @status, @inputTokens, @outputTokens,
      @cacheCreationInputTokens, @cacheReadInputTokens, @firstByteMs, @durationMs)`);
  const totals = db.prepare<[string], Omit<Usage, "estimated_cost_usd">>(`
    select max(model) as model, sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
      sum(cache_creation_input_tokens) as cache_creation_input_tokens,
      sum(cache_read_input_tokens) as cache_read_input_tokens,
      sum(input_tokens + output_tokens + cache_creation_input_tokens + cache_read_input_tokens) as total_tokens
    from api_requests where job_id = ? having count(*) > 0`);

  const ofJob = db.prepare<[string], ApiRequest>(`
    select job_id as jobId, started_at as startedAt, path, model, status, input_tokens as inputTokens,
      output_tokens as outputTokens, cache_creation_input_tokens as cacheCreationInputTokens,
      cache_read_input_tokens as cacheReadInputTokens, first_byte_ms as firstByteMs, duration_ms as durationMs
    from api_requests where job_id = ? order by started_at, rowid`);
  const firstToken = db.prepare<[string], { at: number | null }>(`
    select min(started_at + first_byte_ms) as at from api_requests where job_id = ? and status = 200`);

  return {
    insert: (request: ApiRequest): void => void insert.run(request),
    /** What a job's requests add up to; nothing when it made none. */
    totals: (jobId: string) => totals.get(jobId),
    /** A job's requests, in the order in which they came. */
    ofJob: (jobId: string): ApiRequest[] => ofJob.all(jobId),
    /** When the first answer began to come; null when none did. */
    firstTokenAt: (jobId: string): number | null => firstToken.get(jobId)?.at ?? null,
  };
};
