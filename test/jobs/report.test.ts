import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { summarize } from "../../lib/jobs/output.ts";
import { errorOf, reportOf } from "../../lib/jobs/report.ts";
import { RunResponse, type Outcome } from "../../lib/schema/job.ts";
import type { Ending, Job } from "../../lib/store/jobs.ts";
import { endingOf, fixture, fixtureLines, newJob, requestOf, tempFolder, writeFiles } from "../harness.ts";

const ran: Pick<Job, "state" | "stopReason" | "startedAt" | "ending"> = {
  state: "running",
  stopReason: null,
  startedAt: 1_700_000_000_500,
  ending: null,
};

/** The report of a job with the output at a path. */
const reportAt = async (outputPath: string, ending: Partial<Ending> = {}, job: Partial<Job> = {}) =>
  reportOf(
    { ...newJob({ createdAt: 1_700_000_000_000 }), ...ran, ...job },
    { ending: endingOf({ endedAt: 1_700_000_001_000, ...ending }), summary: await summarize(outputPath), outputPath },
  );

const says = (text: string) => JSON.stringify({ type: "assistant", message: { content: [{ type: "text", text }] } });

/** What a killed agent leaves behind. */
const halfDone = (t: TestContext): string => {
  const folder = tempFolder(t);
  writeFiles(folder, { out: `${says("one")}\n${says("two")}\n` });
  return join(folder, "out");
};

const withFormat = (output_format: "text" | "json" | "stream-json") => ({
  request: requestOf({ claude: { output_format } }),
});

test("a report is what the schema promises", async () => {
  const report = await reportAt(fixture("tool-use"));
  assert.deepEqual(RunResponse.parse(report), report);
});

test("the output is the result's text by default", async () => {
  const { output, status, num_turns } = await reportAt(fixture("tool-use"));
  assert.deepEqual([output, status, num_turns], ["result: hi", "completed", 2]);
});

test("the output is the result as JSON when that is asked for", async () => {
  const { output } = await reportAt(fixture("tool-use"), {}, withFormat("json"));
  assert.equal(output, fixtureLines("tool-use").at(-1));
});

test("the output is all lines when those are asked for", async () => {
  const { output } = await reportAt(fixture("tool-use"), {}, withFormat("stream-json"));
  assert.equal(output, fixtureLines("tool-use").join("\n"));
});

test("the value that matches the schema is there", async () => {
  assert.deepEqual((await reportAt(fixture("json-schema"))).structured_output, { answer: 42 });
});

test("times are RFC 3339 in UTC", async () => {
  const { queued_at, started_at, ended_at } = await reportAt(fixture("tool-use"));
  assert.deepEqual(
    [queued_at, started_at, ended_at],
    ["2023-11-14T22:13:20.000Z", "2023-11-14T22:13:20.500Z", "2023-11-14T22:13:21.000Z"],
  );
});

test("a job that never started has no start", async () => {
  assert.equal((await reportAt(fixture("tool-use"), {}, { startedAt: null })).started_at, null);
});

test("labels come back, and are an empty object when there were none", async () => {
  const { labels } = await reportAt(fixture("tool-use"), {}, { request: requestOf({ labels: { a: "b" } }) });
  assert.deepEqual([labels, (await reportAt(fixture("tool-use"))).labels], [{ a: "b" }, {}]);
});

test("what there is nothing to say of is left out and not null", async () => {
  const report = await reportAt(fixture("tool-use"));
  assert.deepEqual(
    ["structured_output", "error", "usage", "crash_info"].filter((name) => name in report),
    [],
  );
});

test("a run without a result tells how it crashed and what it had said", async (t) => {
  const { crash_info, output, status } = await reportAt(halfDone(t), {
    outcome: "oom_killed",
    exitCode: 137,
    error: "no memory",
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

for (const [exitCode, signal] of [
  [143, "SIGTERM"],
  [139, "SIGSEGV"],
  [152, "signal 24"],
  [1, undefined],
  [255, undefined],
  [null, undefined],
] as const) {
  test(`exit code ${exitCode} means ${signal ?? "no signal"}`, async (t) => {
    assert.equal((await reportAt(halfDone(t), { outcome: "killed", exitCode })).crash_info?.signal, signal);
  });
}

test("a failed run keeps its session", async (t) => {
  const sessionId = crypto.randomUUID();
  const { session_id } = await reportAt(halfDone(t), { outcome: "timed_out", exitCode: 143 }, { sessionId });
  assert.equal(session_id, sessionId);
});

test("a recorded failure of the API is told in the CLI's own words", async () => {
  assert.match(errorOf("api_error", await summarize(fixture("api-error")), 1) ?? "", /^Invalid API key/);
});

test("success has no error", async () => {
  assert.equal(errorOf("succeeded", await summarize(fixture("tool-use")), 0), null);
});

test("an agent that ended without a result is told with its exit code", async (t) => {
  assert.match(errorOf("agent_error", await summarize(halfDone(t)), 3) ?? "", /exit code 3.*without a result/);
});

for (const [outcome, words] of [
  ["max_turns", /max_turns/],
  ["budget", /max_budget_usd/],
  ["timed_out", /podman\.timeout/],
  ["oom_killed", /podman\.memory/],
  ["killed", /from outside/],
  ["cancelled", /cancelled/],
  ["lost", /vanished/],
] as const satisfies readonly (readonly [Outcome, RegExp])[]) {
  test(`${outcome} is told in one sentence`, async (t) => {
    assert.match(errorOf(outcome, await summarize(halfDone(t)), null) ?? "", words);
  });
}

test("a prompt that was taken as a command is told with what to do", async (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { out: JSON.stringify({ type: "result", is_error: false, num_turns: 0, result: "" }) });
  assert.match(errorOf("agent_error", await summarize(join(folder, "out")), 0) ?? "", /disable_slash_commands/);
});
