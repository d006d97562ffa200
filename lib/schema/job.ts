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
    "hook_failed",
    "start_failed",
    "lost",
  ])
  .describe("How the run ended, in one word.");
export type Outcome = z.output<typeof Outcome>;

const count = z.int().nonnegative();

export const Usage = z
  .object({
    model: z.string(),
    input_tokens: count,
    output_tokens: count,
    cache_creation_input_tokens: count,
    cache_read_input_tokens: count,
    total_tokens: count,
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
  .object({ queue: count, create: count, hooks: count, agent: count, first_token: count.nullable() })
  .describe("Milliseconds spent in each phase; first_token counts from the start of the agent.")
  .meta({ id: "Timings" });
export type Timings = z.output<typeof Timings>;

export const RunResponse = z
  .object({
    id: z.string().describe("run- and 16 hexadecimal digits."),
    status: RunStatus,
    outcome: Outcome,
    output: z.string().describe("What the agent answered, in the shape that output_format asks for."),
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
