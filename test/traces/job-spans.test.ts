import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { isEnded } from "../../lib/jobs/report.ts";
import type { ApiRequest } from "../../lib/store/api-requests.ts";
import type { Ending } from "../../lib/store/job-rows.ts";
import { jobSpans } from "../../lib/traces/job-spans.ts";
import type { Span } from "../../lib/traces/span.ts";
import { endingOf, newJob, openStores } from "../harness.ts";

const trace = { traceId: "a".repeat(32), parentSpanId: "b".repeat(16), spanId: "c".repeat(16), flags: 1, state: "" };
const timings = { queue: 100, create: 20, hooks: 0, agent: 500, first_token: 40 };
const usage = {
  model: "claude-x",
  input_tokens: 1,
  output_tokens: 2,
  cache_creation_input_tokens: 10,
  cache_read_input_tokens: 100,
  total_tokens: 113,
  estimated_cost_usd: 0.5,
};

type Made = { ending?: Partial<Ending>; started?: boolean; requests?: Partial<ApiRequest>[] };

/** The spans of a job that was made at 1000, from rows of a real database. */
const spansOf = (t: TestContext, { ending, started = true, requests: asked = [] }: Made = {}): Span[] => {
  const { jobs, requests } = openStores(t);
  const made = newJob({ id: "job-0123456789abcdef", request: { prompt: "the secret plan" } });
  jobs.insert(made);
  if (started) {
    jobs.claim(1100);
    jobs.started(made.id, 1120);
  }
  for (const one of asked) requests.insert({ ...request, jobId: made.id, ...one });
  jobs.ended(made.id, endingOf({ timings, endedAt: 1620, ...ending }));
  const job = jobs.find(made.id);
  if (!job || !isEnded(job)) throw new Error("the job has not ended");
  return jobSpans({ job, trace, requests: requests.ofJob(made.id) });
};

const request: ApiRequest = {
  jobId: "",
  startedAt: 1200,
  path: "/v1/messages",
  model: "claude-x",
  status: 200,
  inputTokens: 1,
  outputTokens: 2,
  cacheCreationInputTokens: 10,
  cacheReadInputTokens: 100,
  firstByteMs: 30,
  durationMs: 90,
};

const timesOf = (spans: readonly Span[]) => spans.map(({ name, startMs, endMs }) => [name, startMs, endMs]);
const named = (spans: readonly Span[], name: string) => spans.find((span) => span.name === name);

test("phases follow each other, as long as each took, within the job", (t) => {
  assert.deepEqual(timesOf(spansOf(t)), [
    ["job", 1000, 1620],
    ["queue", 1000, 1100],
    ["create", 1100, 1120],
    ["agent", 1120, 1620],
  ]);
});

test("a pull and hooks are phases where there were some", (t) => {
  const spans = spansOf(t, { ending: { timings: { ...timings, pull: 5, create: 15, hooks: 200, agent: 300 } } });
  assert.deepEqual(timesOf(spans).slice(2), [
    ["pull", 1100, 1105],
    ["create", 1105, 1120],
    ["hooks", 1120, 1320],
    ["agent", 1320, 1620],
  ]);
});

test("a job that was cancelled before its turn has waited, and nothing else", (t) => {
  const none = { queue: 620, create: 0, hooks: 0, agent: 0, first_token: null };
  const spans = spansOf(t, { started: false, ending: { outcome: "cancelled", timings: none } });
  assert.deepEqual(timesOf(spans), [
    ["job", 1000, 1620],
    ["queue", 1000, 1620],
  ]);
  assert.equal(spans[0]?.failed, false);
});

test("a request to the model is below the agent, with its times and tokens, the cache's among the input", (t) => {
  const spans = spansOf(t, { requests: [{}] });
  const [agent, asked] = [named(spans, "agent"), named(spans, "chat claude-x")];
  assert.deepEqual([asked?.startMs, asked?.endMs, asked?.kind], [1200, 1290, "client"]);
  assert.equal(asked?.parent?.spanId, agent?.place.spanId);
  assert.equal(asked?.attributes["gen_ai.usage.input_tokens"], 111);
  assert.equal(asked?.attributes["gen_ai.response.time_to_first_chunk"], 0.03);
});

test("a request that was refused, and that tells no model, has failed", (t) => {
  const spans = spansOf(t, { requests: [{ status: 529, model: "", firstByteMs: null }] });
  const asked = named(spans, "chat");
  assert.deepEqual([asked?.failed, asked?.attributes["error.type"]], [true, "529"]);
});

test("a job's own span has its outcome, image, tokens and cost", (t) => {
  const [job] = spansOf(t, { ending: { usage, outcome: "max_turns", exitCode: 1, numTurns: 3 } });
  assert.deepEqual([job?.place.spanId, job?.parent?.spanId, job?.failed], [trace.spanId, trace.parentSpanId, true]);
  const { "gen_ai.conversation.id": _, ...attributes } = job?.attributes ?? {};
  assert.deepEqual(attributes, {
    "stromboli.job.id": "job-0123456789abcdef",
    "stromboli.job.outcome": "max_turns",
    "stromboli.job.turns": 3,
    "stromboli.job.cost_usd": 0.5,
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": "Claude Code",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.response.model": "claude-x",
    "gen_ai.usage.input_tokens": 111,
    "gen_ai.usage.output_tokens": 2,
    "gen_ai.usage.cache_creation.input_tokens": 10,
    "gen_ai.usage.cache_read.input_tokens": 100,
    "container.image.name": "debian:12",
    "container.image.id": "sha256:1",
    "process.exit.code": 1,
    "error.type": "max_turns",
  });
});

test("no span says what was asked or answered", (t) => {
  const spans = spansOf(t, { ending: { error: "the secret plan", partialOutput: "the secret plan" }, requests: [{}] });
  assert.doesNotMatch(JSON.stringify(spans), /secret/);
});

test("the ids are the same each time, and each is another", (t) => {
  const ids = () => spansOf(t, { requests: [{}, {}] }).map(({ place }) => place.spanId);
  assert.deepEqual(ids(), ids());
  assert.equal(new Set(ids()).size, 6);
  assert.ok(ids().every((id) => /^[0-9a-f]{16}$/.test(id)));
});
