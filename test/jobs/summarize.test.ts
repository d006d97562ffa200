import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { summarize } from "../../lib/jobs/output.ts";
import { fixture, fixtureLines, tempFolder, writeFiles } from "../harness.ts";

const summaryOf = (t: TestContext, lines: readonly (string | object)[]) => {
  const folder = tempFolder(t);
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  writeFiles(folder, { out: text });
  return summarize(join(folder, "out"));
};

const result = (text: string, models: object, more: object = {}) => ({
  type: "result",
  subtype: "success",
  is_error: false,
  num_turns: 1,
  result: text,
  model_usage_since_last_result: models,
  ...more,
});
const model = (inputTokens: number, outputTokens: number, costUSD: number) => ({
  inputTokens,
  outputTokens,
  costUSD,
  cacheReadInputTokens: 1,
  cacheCreationInputTokens: 2,
});
const says = (text: string) => ({ type: "assistant", message: { content: [{ type: "text", text }] } });

test("a recorded output has its result, model, tokens, cost and text", async () => {
  const { result: last, resultLine, counts, model: name, text } = await summarize(fixture("tool-use"));
  assert.deepEqual(
    [last?.result, resultLine, name, text],
    ["result: hi", fixtureLines("tool-use").at(-1), "claude-opus-5-5", "result: hi\n"],
  );
  assert.deepEqual(counts, {
    input_tokens: 20,
    output_tokens: 10,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    estimated_cost_usd: 0.00028000000000000003,
  });
});

test("of two results the last one counts, and the tokens of both", async (t) => {
  const { result: last, counts } = await summaryOf(t, [
    result("first", { a: model(10, 20, 0.5) }),
    result("second", { a: model(1, 2, 0.25), b: model(100, 200, 1) }),
  ]);
  assert.deepEqual(
    [last?.result, counts],
    [
      "second",
      {
        input_tokens: 111,
        output_tokens: 222,
        cache_creation_input_tokens: 6,
        cache_read_input_tokens: 3,
        estimated_cost_usd: 1.75,
      },
    ],
  );
});

test("half a result, as a killed agent leaves it, is none", async (t) => {
  const line = JSON.stringify(result("x", {}));
  const { result: last, text } = await summaryOf(t, [says("working"), line.slice(0, -10)]);
  assert.deepEqual([last, text], [undefined, "working\n"]);
});

test("an empty output has nothing", async (t) => {
  const { result: last, resultLine, model: name, text } = await summaryOf(t, []);
  assert.deepEqual([last, resultLine, name, text], [undefined, "", "", ""]);
});

test("of what the agent said the end is kept", async (t) => {
  const { text } = await summaryOf(t, [says("a".repeat(3000)), says("the end")]);
  assert.deepEqual([text.length, text.slice(-12)], [2000, "aaa\nthe end\n"]);
});

test("what an agent says about results is no result", async (t) => {
  const { result: last } = await summaryOf(t, [says('{"type":"result","is_error":false}'), 'no JSON, "result"']);
  assert.equal(last, undefined);
});

test("what a subagent says is not kept", async (t) => {
  const { text } = await summaryOf(t, [{ ...says("inner"), parent_tool_use_id: "toolu_1" }, says("outer")]);
  assert.equal(text, "outer\n");
});
