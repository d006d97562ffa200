import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { summarize } from "../../lib/jobs/output.ts";
import { errorOf } from "../../lib/jobs/report.ts";
import { RunResponse, type Outcome } from "../../lib/schema/job.ts";
import { fixture, fixtureLines, requestOf, tempFolder, writeFiles } from "../harness.ts";
import { reportOf, says } from "./ended-job.ts";

const toolUse = fixture("tool-use");
const halfDone = [says("one"), says("two")];

const withFormat = (output_format: "text" | "json" | "stream-json") => ({
  request: requestOf({ claude: { output_format } }),
});

test("a report is what the schema promises", async (t) => {
  const report = await reportOf(t, { output: toolUse });
  assert.deepEqual(RunResponse.parse(report), report);
});

test("the output is the result's text by default", async (t) => {
  const { output, status, num_turns } = await reportOf(t, { output: toolUse });
  assert.deepEqual([output, status, num_turns], ["result: hi", "completed", 2]);
});

test("the output is the result as JSON when that is asked for", async (t) => {
  const { output } = await reportOf(t, { output: toolUse, job: withFormat("json") });
  assert.equal(output, fixtureLines("tool-use").at(-1));
});

test("the output is all lines when those are asked for", async (t) => {
  const { output } = await reportOf(t, { output: toolUse, job: withFormat("stream-json") });
  assert.equal(output, fixtureLines("tool-use").join("\n"));
});

test("the value that matches the schema is there", async (t) => {
  assert.deepEqual((await reportOf(t, { output: fixture("json-schema") })).structured_output, { answer: 42 });
});

test("times are RFC 3339 in UTC", async (t) => {
  const { queued_at, started_at, ended_at } = await reportOf(t, { output: toolUse });
  assert.deepEqual(
    [queued_at, started_at, ended_at],
    ["2023-11-14T22:13:20.000Z", "2023-11-14T22:13:20.500Z", "2023-11-14T22:13:21.000Z"],
  );
});

test("a job that never started has no start, no crash and no output", async (t) => {
  const { started_at, crash_info, output } = await reportOf(t, {
    started: false,
    job: withFormat("stream-json"),
    ending: { outcome: "cancelled", exitCode: null },
  });
  assert.deepEqual([started_at, crash_info, output], [null, undefined, ""]);
});

test("labels come back, and are an empty object when there were none", async (t) => {
  const { labels } = await reportOf(t, { job: { request: requestOf({ labels: { a: "b" } }) } });
  assert.deepEqual([labels, (await reportOf(t)).labels], [{ a: "b" }, {}]);
});

test("what there is nothing to say of is left out and not null", async (t) => {
  const report = await reportOf(t, { output: toolUse });
  assert.deepEqual(
    ["structured_output", "output_truncated", "error", "usage", "crash_info"].filter((name) => name in report),
    [],
  );
});

test("a run without a result tells how it crashed and what it had said", async (t) => {
  const { crash_info, output, status } = await reportOf(t, {
    output: halfDone,
    ending: { outcome: "oom_killed", exitCode: 137, error: "no memory" },
  });
  assert.deepEqual(
    [crash_info, output, status],
    [
      { exit_code: 137, signal: "SIGKILL", reason: "no memory", partial_output: "one\ntwo\n", task_completed: false },
      "one\ntwo",
      "crashed",
    ],
  );
});

test("a run that was ended behind its result has not crashed", async (t) => {
  const report = await reportOf(t, { output: toolUse, stopped: "finished", ending: { exitCode: 130 } });
  assert.deepEqual([report.status, report.output, "crash_info" in report], ["completed", "result: hi", false]);
});

for (const [exitCode, signal] of [
  [130, "SIGINT"],
  [143, "SIGTERM"],
  [139, "SIGSEGV"],
  [152, "signal 24"],
  [1, undefined],
  [128, undefined],
  [255, undefined],
  [null, undefined],
] as const) {
  test(`exit code ${exitCode} means ${signal ?? "no signal"}`, async (t) => {
    const { crash_info } = await reportOf(t, { output: halfDone, ending: { outcome: "killed", exitCode } });
    assert.equal(crash_info?.signal, signal);
  });
}

test("a failed run keeps its session", async (t) => {
  const sessionId = crypto.randomUUID();
  const ending = { outcome: "timed_out", exitCode: 130 } as const;
  assert.equal((await reportOf(t, { output: halfDone, job: { sessionId }, ending })).session_id, sessionId);
});

test("a recorded failure of the API is told in the CLI's own words", async () => {
  assert.match(errorOf("api_error", await summarize(fixture("api-error")), 1) ?? "", /^Invalid API key/);
});

test("success has no error", async () => {
  assert.equal(errorOf("succeeded", await summarize(toolUse), 0), null);
});

const summaryOf = (t: TestContext, lines: readonly string[]) => {
  const folder = tempFolder(t);
  writeFiles(folder, { out: lines.join("\n") });
  return summarize(join(folder, "out"));
};

test("an agent that ended without a result is told with its exit code", async (t) => {
  assert.match(errorOf("agent_error", await summaryOf(t, halfDone), 3) ?? "", /exit code 3.*without a result/);
});

for (const [outcome, words] of [
  ["max_turns", /max_turns/],
  ["budget", /max_budget_usd/],
  ["timed_out", /podman\.timeout/],
  ["stalled", /jobs\.stall_timeout/],
  ["output_limit", /jobs\.max_output/],
  ["oom_killed", /podman\.memory/],
  ["killed", /from outside/],
  ["cancelled", /cancelled/],
  ["lost", /vanished/],
] as const satisfies readonly (readonly [Outcome, RegExp])[]) {
  test(`${outcome} is told in one sentence`, async (t) => {
    assert.match(errorOf(outcome, await summaryOf(t, halfDone), undefined) ?? "", words);
  });
}

test("a prompt that was taken as a command is told with what to do", async (t) => {
  const command = JSON.stringify({ type: "result", is_error: false, num_turns: 0, result: "" });
  assert.match(errorOf("agent_error", await summaryOf(t, [command]), 0) ?? "", /disable_slash_commands/);
});

test("of what the CLI says of its failure the beginning is told", async (t) => {
  const long = JSON.stringify({ type: "result", is_error: true, num_turns: 1, result: "x".repeat(100_000) });
  assert.equal(errorOf("agent_error", await summaryOf(t, [long]), 1)?.length, 2000);
});
