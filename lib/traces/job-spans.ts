import { createHash } from "node:crypto";
import type { Attributes } from "@opentelemetry/api";
import type { Usage } from "../schema/job.ts";
import type { ApiRequest } from "../store/api-requests.ts";
import type { Ending, Job } from "../store/job-rows.ts";
import type { Span } from "./span.ts";
import type { JobTrace, TracePlace } from "./trace.ts";

type Ended = Pick<Job, "id" | "sessionId" | "image" | "createdAt" | "claimedAt" | "startedAt"> & {
  ending: Pick<Ending, "outcome" | "exitCode" | "numTurns" | "usage" | "timings" | "endedAt">;
};
type Rows = { job: Ended; trace: JobTrace & { spanId: string }; requests: readonly ApiRequest[] };
type Phase = { name: string; startMs: number; endMs: number; attributes: Attributes };

/**
 * The spans of a job that has ended: its own, one for each phase, and one for each request to the model. The same whenever
 * it is asked for, ids included, so that what is sent twice can be told to be the same. Pure.
 */
export const jobSpans = ({ job, trace, requests }: Rows): Span[] => {
  const { traceId, flags, state, spanId } = trace;
  const placed = (what: string): TracePlace => ({ traceId, spanId: idOf(spanId, what), flags, state });
  const phases = phasesOf(job);
  const agentId = phases.some(({ name }) => name === "agent") ? placed("agent").spanId : spanId;
  return [
    {
      name: "job",
      kind: "internal",
      place: { traceId, spanId, flags, state },
      ...below(trace.parentSpanId),
      startMs: job.createdAt,
      endMs: Math.max(job.createdAt, job.ending.endedAt),
      ...jobFacts(job),
    },
    ...phases.map((phase): Span => ({
      ...phase,
      kind: "internal",
      place: placed(phase.name),
      ...below(spanId),
      failed: false,
    })),
    ...requests.map((request, index): Span => ({
      ...requestFacts(request),
      kind: "client",
      place: placed(`request ${index}`),
      ...below(agentId),
      startMs: request.startedAt,
      endMs: request.startedAt + request.durationMs,
    })),
  ];
};

const below = (parent: string): Pick<Span, "parent"> => ({ parent: { spanId: parent, remote: false } });

const idOf = (jobSpan: string, what: string): string =>
  createHash("sha256").update(`${jobSpan} ${what}`).digest("hex").slice(0, 16);

/** One after the other, as long as each took; what a job did not come to is none. */
const phasesOf = ({ createdAt, claimedAt, startedAt, ending: { timings } }: Ended): Phase[] => {
  const { queue, pull, create, hooks, agent, first_token: firstToken } = timings;
  const lengths: [string, number | undefined][] = [
    ["queue", queue],
    ["pull", pull],
    ["create", claimedAt === null ? undefined : create],
    ["hooks", hooks > 0 ? hooks : undefined],
    ["agent", startedAt === null ? undefined : agent],
  ];
  let at = createdAt;
  return lengths.flatMap(([name, ms]) => {
    if (ms === undefined) return [];
    const startMs = at;
    at += ms;
    const isTold = name === "agent" && firstToken !== null;
    return [{ name, startMs, endMs: at, attributes: isTold ? { "stromboli.first_token_ms": firstToken } : {} }];
  });
};

/** Of what the agent was asked and said, nothing. */
const jobFacts = ({ id, sessionId, image, ending }: Ended): Pick<Span, "attributes" | "failed"> => {
  const { outcome, exitCode, numTurns, usage } = ending;
  const failed = outcome !== "succeeded" && outcome !== "cancelled";
  return {
    failed,
    attributes: {
      "stromboli.job.id": id,
      "stromboli.job.outcome": outcome,
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.name": "Claude Code",
      "gen_ai.provider.name": "anthropic",
      "gen_ai.conversation.id": sessionId,
      "container.image.name": image.reference,
      ...(image.id !== "" && { "container.image.id": image.id }),
      ...(exitCode !== null && { "process.exit.code": exitCode }),
      ...(numTurns !== null && { "stromboli.job.turns": numTurns }),
      ...(failed && { "error.type": outcome }),
      ...(usage && { ...usageFacts(usage), "stromboli.job.cost_usd": usage.estimated_cost_usd }),
    },
  };
};

type Tokens = Omit<Usage, "total_tokens" | "estimated_cost_usd">;

/** The conventions count what the cache gave as input, which the model API does not. */
const usageFacts = (usage: Tokens): Attributes => ({
  ...(usage.model !== "" && { "gen_ai.response.model": usage.model }),
  "gen_ai.usage.input_tokens": usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens,
  "gen_ai.usage.output_tokens": usage.output_tokens,
  "gen_ai.usage.cache_creation.input_tokens": usage.cache_creation_input_tokens,
  "gen_ai.usage.cache_read.input_tokens": usage.cache_read_input_tokens,
});

const requestFacts = (request: ApiRequest): Pick<Span, "name" | "attributes" | "failed"> => {
  const { path, model, status, firstByteMs } = request;
  const operation = path.endsWith("/count_tokens") ? "count_tokens" : "chat";
  const failed = status >= 400;
  return {
    name: model === "" ? operation : `${operation} ${model}`,
    failed,
    attributes: {
      "gen_ai.operation.name": operation,
      "gen_ai.provider.name": "anthropic",
      "http.request.method": "POST",
      "url.path": path,
      "http.response.status_code": status,
      ...(firstByteMs !== null && { "gen_ai.response.time_to_first_chunk": firstByteMs / 1000 }),
      ...(failed && { "error.type": String(status) }),
      ...usageFacts({
        model,
        input_tokens: request.inputTokens,
        output_tokens: request.outputTokens,
        cache_creation_input_tokens: request.cacheCreationInputTokens,
        cache_read_input_tokens: request.cacheReadInputTokens,
      }),
    },
  };
};
