import { z } from "zod";
import type { Outcome, RunStatus, Usage } from "../schema/job.ts";
import type { StopReason } from "../jobs/state.ts";

const mostTokens = 1e12; // sums stay whole numbers, whatever an agent makes up
const tokens = z.number().int().nonnegative().max(mostTokens).catch(0);

const ModelUsage = z.object({
  inputTokens: tokens,
  outputTokens: tokens,
  cacheReadInputTokens: tokens,
  cacheCreationInputTokens: tokens,
  costUSD: z.number().nonnegative().catch(0),
});

/** The CLI's last word. Lenient: what a new version changes here must not lose an answer. */
const ResultLine = z.object({
  type: z.literal("result"),
  subtype: z.string().catch(""),
  is_error: z.boolean().catch(true),
  api_error_status: z.number().nullish().catch(null),
  terminal_reason: z.string().nullish().catch(null),
  result: z.string().optional().catch(undefined),
  errors: z.array(z.string()).catch([]),
  structured_output: z.unknown().optional(),
  num_turns: z.number().int().nonnegative().optional().catch(undefined),
  session_id: z.string().catch(""),
  total_cost_usd: z.number().nonnegative().catch(0),
  usage: z
    .object({
      input_tokens: tokens,
      output_tokens: tokens,
      cache_creation_input_tokens: tokens,
      cache_read_input_tokens: tokens,
    })
    .optional()
    .catch(undefined),
  model_usage_since_last_result: z.record(z.string(), ModelUsage).optional().catch(undefined),
});
export type ResultLine = z.output<typeof ResultLine>;

/** The result that a line holds, if it is one. */
export const parseResult = (line: string): ResultLine | undefined => {
  if (!line.includes('"result"')) return undefined;
  try {
    return ResultLine.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // half a line: the container was killed while it wrote
  }
};

/** Without an exit code the container is gone; what it wrote before may still be a result. */
export type Exit = {
  exitCode: number | undefined;
  oomKilled: boolean;
  stopReason: StopReason | null;
  /** The run had all of its time. */
  timeUp: boolean;
  /** A hook failed, and the agent never began. */
  hookFailed: boolean;
  result: ResultLine | undefined;
};

/** The exit code of a container that Podman's own --timeout ended, as no daemon was there to act, or whose end it has not seen. */
export const podmanKnowsNone = -1;

/** How the run ended. Success is a result that says so, nothing else: exit codes and silence prove nothing. */
export const outcomeOf = ({ exitCode, oomKilled, stopReason, timeUp, hookFailed, result }: Exit): Outcome => {
  const stopped = stopReason && outcomesOfStops[stopReason];
  if (stopped) return stopped;
  if (hookFailed) return "hook_failed";
  if (result) return outcomeOfResult(result);
  if (exitCode === undefined) return "lost";
  if (oomKilled) return "oom_killed";
  return outcomeOfCode(exitCode, timeUp);
};

const outcomeOfCode = (exitCode: number, timeUp: boolean): Outcome => {
  if (exitCode === podmanKnowsNone) return timeUp ? "timed_out" : "lost";
  return exitCode === 137 || exitCode === 143 ? "killed" : "agent_error";
};

/** An agent that is stopped after its result counts by that. */
const outcomesOfStops: Record<StopReason, Outcome | undefined> = {
  finished: undefined,
  hooks_timed_out: "hook_failed",
  timed_out: "timed_out",
  cancelled: "cancelled",
  stalled: "stalled",
  output_limit: "output_limit",
};

/** What a result says of itself. */
const outcomeOfResult = (result: ResultLine): Outcome => {
  if (!result.is_error) return isCommand(result) ? "agent_error" : "succeeded";
  if (result.subtype === "error_max_turns") return "max_turns";
  if (result.subtype === "error_max_budget_usd") return "budget";
  return (result.api_error_status ?? null) !== null || result.terminal_reason === "api_error"
    ? "api_error"
    : "agent_error";
};

/** The CLI took the prompt as one of its commands, such as /clear, and never asked the model. */
export const isCommand = ({ is_error, num_turns }: ResultLine): boolean => !is_error && num_turns === 0;

const statuses: Record<Outcome, RunStatus> = {
  succeeded: "completed",
  agent_error: "failed",
  api_error: "failed",
  max_turns: "failed",
  budget: "failed",
  timed_out: "failed",
  stalled: "failed",
  output_limit: "failed",
  hook_failed: "failed",
  start_failed: "failed",
  oom_killed: "crashed",
  killed: "crashed",
  lost: "crashed",
  cancelled: "cancelled",
};

export const statusOf = (outcome: Outcome): RunStatus => statuses[outcome];

/**
 * What one result adds to a run's usage. `usage` and `total_cost_usd` leave out subagents or count a resumed session's
 * earlier runs; the per-model figures since the last result are this process's alone. CLIs before 2.1.330 lack them.
 */
export const usageOf = (result: ResultLine): Counts => {
  const models = result.model_usage_since_last_result;
  if (!models) {
    const {
      input_tokens = 0,
      output_tokens = 0,
      cache_creation_input_tokens = 0,
      cache_read_input_tokens = 0,
    } = result.usage ?? {};
    return { input_tokens, output_tokens, cache_creation_input_tokens, cache_read_input_tokens, estimated_cost_usd: 0 };
  }
  return Object.values(models).map(countsOf).reduce(addCounts, noCounts);
};

export type Counts = Omit<Usage, "model" | "total_tokens">;

export const noCounts: Counts = {
  input_tokens: 0,
  output_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  estimated_cost_usd: 0,
};

export const addCounts = (a: Counts, b: Counts): Counts => ({
  input_tokens: a.input_tokens + b.input_tokens,
  output_tokens: a.output_tokens + b.output_tokens,
  cache_creation_input_tokens: a.cache_creation_input_tokens + b.cache_creation_input_tokens,
  cache_read_input_tokens: a.cache_read_input_tokens + b.cache_read_input_tokens,
  estimated_cost_usd: a.estimated_cost_usd + b.estimated_cost_usd,
});

const countsOf = (model: z.output<typeof ModelUsage>): Counts => ({
  input_tokens: model.inputTokens,
  output_tokens: model.outputTokens,
  cache_creation_input_tokens: model.cacheCreationInputTokens,
  cache_read_input_tokens: model.cacheReadInputTokens,
  estimated_cost_usd: model.costUSD,
});

/** The usage of a whole run. */
export const totalUsage = (model: string, counts: Counts): Usage => ({
  model,
  ...counts,
  total_tokens:
    counts.input_tokens + counts.output_tokens + counts.cache_creation_input_tokens + counts.cache_read_input_tokens,
});
