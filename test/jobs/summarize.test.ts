import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { lastResult, summarize, tailOf, textAt } from "../../lib/jobs/output.ts";
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
  const path = fixture("tool-use");
  const { result: last, place, counts, model: name, text } = await summarize(path);
  assert.deepEqual([last?.result, name, text], ["result: hi", "claude-opus-5-5", "result: hi\n"]);
  assert.equal(place && (await textAt(path, place)), fixtureLines("tool-use").at(-1));
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
  const { result: last, place, model: name, text } = await summaryOf(t, []);
  assert.deepEqual([last, place, name, text], [undefined, null, "", ""]);
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

const big = "x".repeat(1_048_576);

test("of a large output the head tells the model, and the tail the result and its place", async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, "out");
  const init = { type: "system", subtype: "init", session_id: "s", model: "the model" };
  appendFileSync(path, `${JSON.stringify(init)}\n`);
  for (let count = 0; count < 45; count += 1) appendFileSync(path, `${big}\n`);
  const line = JSON.stringify(result("the end", { a: model(1, 2, 0.5) }));
  appendFileSync(path, `${line}\n`);
  const { model: name, result: last, place, counts } = await summarize(path);
  assert.deepEqual([name, last?.result, counts.input_tokens], ["the model", "the end", 1]);
  assert.equal(place && (await textAt(path, place)), line);
});

test("a result where head and tail of a large output meet is counted once", async (t) => {
  const path = join(tempFolder(t), "out");
  appendFileSync(path, `${"x".repeat(900_000)}\n${JSON.stringify(result("first", { a: model(1, 2, 0.5) }))}\n`);
  for (let count = 0; count < 39; count += 1) appendFileSync(path, `${big}\n`);
  appendFileSync(path, `${"x".repeat(500_000)}\n${JSON.stringify(result("last", { a: model(10, 20, 0.5) }))}\n`);
  assert.equal((await summarize(path)).counts.input_tokens, 11);
});

for (const [title, text, found] of [
  ["the last line is one", `${JSON.stringify(says("a"))}|${JSON.stringify(result("r", {}))}`, true],
  ["it is followed by a line feed", `${JSON.stringify(result("r", {}))}|`, true],
  ["another line follows", `${JSON.stringify(result("r", {}))}|${JSON.stringify(says("more"))}`, false],
  ["it is half written", JSON.stringify(result("r", {})).slice(0, -5), false],
  ["there is nothing", "", false],
] as const) {
  test(`whether an output ends with a result, when ${title}: ${found}`, async (t) => {
    const folder = tempFolder(t);
    writeFiles(folder, { out: text.replaceAll("|", "\n") });
    assert.equal((await lastResult(join(folder, "out"))) !== undefined, found);
  });
}

test("the tail of a file is its last 2000 characters, whole ones", async (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { out: "🦊".repeat(3000) });
  assert.equal(await tailOf(join(folder, "out")), "🦊".repeat(1000));
});
