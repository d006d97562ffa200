import assert from "node:assert/strict";
import { test } from "node:test";
import { isCommand, outcomeOf, parseResult, statusOf, totalUsage, usageOf, type Exit } from "../../lib/agent/result.ts";
import { Outcome } from "../../lib/schema/job.ts";
import { recordedResult } from "../harness.ts";

const outcome = (exit: Partial<Exit>): string =>
  outcomeOf({
    exitCode: 0,
    oomKilled: false,
    stopReason: null,
    timeUp: false,
    hookFailed: false,
    result: undefined,
    ...exit,
  });

for (const [name, expected] of [
  ["text-partial", "succeeded"],
  ["tool-use", "succeeded"],
  ["resume", "succeeded"],
  ["json-schema", "succeeded"],
  ["api-error", "api_error"],
  ["max-turns", "max_turns"],
  ["budget", "budget"],
] as const) {
  test(`the recorded output ${name} ended as ${expected}`, () => {
    assert.equal(outcome({ exitCode: expected === "succeeded" ? 0 : 1, result: recordedResult(name) }), expected);
  });
}

const good = recordedResult("tool-use");

for (const [title, exit, expected] of [
  ["no result and exit code 0", {}, "agent_error"],
  ["no result and exit code 1", { exitCode: 1 }, "agent_error"],
  ["no result and SIGKILL", { exitCode: 137 }, "killed"],
  ["no result and SIGTERM", { exitCode: 143 }, "killed"],
  ["no result and no memory left", { exitCode: 137, oomKilled: true }, "oom_killed"],
  ["Podman's own time limit", { exitCode: -1, timeUp: true }, "timed_out"],
  ["an end that Podman has not seen", { exitCode: -1 }, "lost"],
  ["an exit code of 255", { exitCode: 255, timeUp: true }, "agent_error"],
  ["a result before the kill", { exitCode: 137, oomKilled: true, result: good }, "succeeded"],
  ["a good result and a bad exit code", { exitCode: 1, result: good }, "succeeded"],
  ["a time-out, whatever came after", { exitCode: 143, stopReason: "timed_out", result: good }, "timed_out"],
  ["a cancellation, whatever came after", { exitCode: 137, oomKilled: true, stopReason: "cancelled" }, "cancelled"],
  ["an error that is not the API's", { result: { ...good, is_error: true } }, "agent_error"],
  ["a status of the API", { result: { ...good, is_error: true, api_error_status: 500 } }, "api_error"],
  ["an API that was never reached", { result: { ...good, is_error: true, terminal_reason: "api_error" } }, "api_error"],
  ["a command of the CLI's own", { result: { ...good, num_turns: 0 } }, "agent_error"],
] as const) {
  test(`${title} is ${expected}`, () => assert.equal(outcome(exit), expected));
}

for (const [status, outcomes] of [
  ["completed", ["succeeded"]],
  ["cancelled", ["cancelled"]],
  ["crashed", ["oom_killed", "killed", "lost"]],
] as const) {
  test(`${outcomes.join(", ")}: the status is ${status}`, () => {
    assert.deepEqual(
      Outcome.options.filter((each) => statusOf(each) === status),
      outcomes,
    );
  });
}

test("every other outcome is a failure", () => {
  const known = new Set(["completed", "cancelled", "crashed", "failed"]);
  assert.deepEqual(
    Outcome.options.filter((each) => !known.has(statusOf(each))),
    [],
  );
});

test("structured output is taken from the result", () => {
  assert.deepEqual(recordedResult("json-schema").structured_output, { answer: 42 });
});

test("a result's own errors are kept", () => {
  assert.deepEqual(recordedResult("max-turns").errors, ["Reached maximum number of turns (2)"]);
});

for (const line of [
  "",
  "null",
  '"result"',
  "[]",
  '{"type":"user"}',
  '{"type":"assistant","result":1}',
  '{"type":"result"',
]) {
  test(`no result: ${line}`, () => assert.equal(parseResult(line), undefined));
}

test("fields that a new version changes do not lose the answer", () => {
  const odd = {
    ...good,
    usage: "many",
    errors: null,
    api_error_status: "none",
    subtype: 1,
    terminal_reason: 2,
    more: {},
  };
  const result = parseResult(JSON.stringify({ ...odd, model_usage_since_last_result: { m: { inputTokens: "x" } } }));
  assert.deepEqual([result?.result, outcome({ result })], [good.result, "succeeded"]);
});

test("a result that does not say how many turns it took is no command", () => {
  const { num_turns: _, ...rest } = good;
  assert.equal(outcome({ result: parseResult(JSON.stringify(rest)) }), "succeeded");
});

test("a result that does not say that it is good is not good", () => {
  const { is_error: _, ...rest } = good;
  assert.equal(parseResult(JSON.stringify(rest))?.is_error, true);
});

test("an error without turns is an error and no command", () => {
  assert.equal(isCommand({ ...good, is_error: true, num_turns: 0 }), false);
});

test("the tokens of a run are those of its models since the last result", () => {
  assert.deepEqual(usageOf(recordedResult("budget")), {
    input_tokens: 100_000,
    output_tokens: 100_000,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    estimated_cost_usd: 2.4,
  });
});

test("without figures by model the tokens are those of this run, and the session's cost is not taken for its own", () => {
  assert.deepEqual(usageOf(recordedResult("resume")), {
    input_tokens: 10,
    output_tokens: 5,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    estimated_cost_usd: 0,
  });
});

test("the total counts tokens of every kind", () => {
  const counts = {
    input_tokens: 1,
    output_tokens: 20,
    cache_creation_input_tokens: 300,
    cache_read_input_tokens: 4000,
  };
  const usage = totalUsage("m", { ...counts, estimated_cost_usd: 0.5 });
  assert.deepEqual(usage, { model: "m", ...counts, total_tokens: 4321, estimated_cost_usd: 0.5 });
});
