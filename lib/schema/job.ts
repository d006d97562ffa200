import { z } from "zod";

export const RunStatus = z.enum(["completed", "failed", "crashed", "cancelled"]);
export type RunStatus = z.output<typeof RunStatus>;

export const Outcome = z
  .enum([
    "succeeded",
    "agent_error",
    "api_error",
    "max_turns",
    "budget",
    "timed_out",
    "oom_killed",
    "killed",
    "cancelled",
    "stalled",
    "output_limit",
    "hook_failed",
    "start_failed",
    "lost",
  ])
  .describe("How the run ended, in one word.");
export type Outcome = z.output<typeof Outcome>;

const count = z.int().nonnegative();

/** The fields that count tokens, wherever they are told. */
export const tokenCounts = {
  input_tokens: count,
  output_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  total_tokens: count,
};

export const Usage = z
  .object({
    model: z.string(),
    ...tokenCounts,
    estimated_cost_usd: z.number().nonnegative(),
  })
  .describe("Tokens and cost of this run alone.")
  .meta({ id: "Usage" });
export type Usage = z.output<typeof Usage>;

export const CrashInfo = z
  .object({
    exit_code: z.int(),
    signal: z.string().optional(),
    reason: z.string(),
    partial_output: z
      .string()
      .describe("The last 2000 characters of the answer so far, or of stderr when there was none."),
    task_completed: z.boolean(),
  })
  .meta({ id: "CrashInfo" });
export type CrashInfo = z.output<typeof CrashInfo>;

export const Timings = z
  .object({
    queue: count,
    pull: count.optional(),
    create: count,
    hooks: count,
    agent: count,
    first_token: count.nullable(),
  })
  .describe(
    "Milliseconds spent in each phase, pull only where there was one; first_token counts from the agent's start.",
  )
  .meta({ id: "Timings" });
export type Timings = z.output<typeof Timings>;

export const RunResponse = z
  .object({
    id: z.string().describe("run- or, of an asynchronous job, job- and 16 hexadecimal digits."),
    status: RunStatus,
    outcome: Outcome,
    output: z.string().describe("What the agent answered, in the shape that output_format asks for."),
    output_truncated: z
      .literal(true)
      .optional()
      .describe("output is left out here, being too long; GET /jobs/{id} has it."),
    structured_output: z.unknown().optional().describe("The value that matches json_schema."),
    error: z.string().optional(),
    session_id: z.string(),
    exit_code: z.int().nullable(),
    num_turns: count,
    queued_at: z.iso.datetime(),
    started_at: z.iso.datetime().nullable(),
    ended_at: z.iso.datetime(),
    timings_ms: Timings,
    image: z.object({ reference: z.string(), id: z.string(), digest: z.string() }),
    labels: z.record(z.string(), z.string()),
    usage: Usage.optional(),
    crash_info: CrashInfo.optional(),
  })
  .meta({ id: "RunResponse" });
export type RunResponse = z.output<typeof RunResponse>;

export const JobStatus = z.enum(["pending", "running", ...RunStatus.options]);
export type JobStatus = z.output<typeof JobStatus>;

/** A job at any moment: the fields of its end are there once it has ended. */
export const JobResponse = z
  .object({
    ...RunResponse.shape,
    status: JobStatus,
    outcome: Outcome.optional(),
    phase: z
      .enum(["pending", "pulling", "starting", "running"])
      .optional()
      .describe("What a job that has not ended is at; pulling: its image is not here yet."),
    title: z.string().describe("How the prompt begins."),
    priority: z.int(),
    webhook_url: z.string().optional(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    ended_at: z.iso.datetime().nullable(),
  })
  .meta({ id: "JobResponse" });
export type JobResponse = z.output<typeof JobResponse>;

export const JobId = z
  .string()
  .regex(/^(job|run)-[0-9a-f]{16}$/, "must be job- or run- and 16 hexadecimal digits")
  .describe("Id of a job.");

export const JobList = z
  .object({
    jobs: z.array(JobResponse),
    next_cursor: z.string().optional().describe("For the next page; absent on the last one."),
  })
  .meta({ id: "JobList" });
export type JobList = z.output<typeof JobList>;

const label = /^[A-Za-z0-9._-]{1,63}(=.{0,255})?$/;

/** A whole number in a query. */
export const numberIn = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z
    .string(error)
    .regex(/^\d{1,16}$/, error)
    .transform(Number)
    .pipe(z.int(error).min(min, error).max(max, error));
};

export const JobQuery = z
  .strictObject({
    status: JobStatus,
    session_id: z.string().toLowerCase(),
    label: z.string().regex(label, "must be name or name=value").describe("Jobs with this label: name or name=value."),
    id: z
      .string()
      .regex(/^(job-|run-)?[0-9a-f]{0,16}$/, "must be the beginning of a job's id")
      .describe("The beginning of an id, with or without job- or run-."),
    limit: numberIn(1, 500).describe("At most so many; 50 by default."),
    cursor: numberIn(1, Number.MAX_SAFE_INTEGER).describe("next_cursor of the page before."),
  })
  .partial();
export type JobQuery = z.output<typeof JobQuery>;

export const Submitted = z.object({ job_id: z.string(), session_id: z.string() }).meta({ id: "Submitted" });

export const Cancelled = z.object({ cancelled: z.literal(true), job_id: z.string() }).meta({ id: "Cancelled" });
