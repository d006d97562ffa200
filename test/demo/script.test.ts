import assert from "node:assert/strict";
import { test } from "node:test";
import { assistant, result, startModel, textOf, user } from "./harness.ts";

const called = assistant({ type: "tool_use", id: "toolu_1", name: "Bash", input: { command: "id" } });

test("a prompt without a directive is echoed", async (t) => {
  const model = await startModel(t);
  const answer = await model.ask("hello");
  assert.deepEqual([answer.content, answer.stop_reason], [[{ type: "text", text: "echo: hello" }], "end_turn"]);
});

test("a command is called with the Bash tool", async (t) => {
  const model = await startModel(t);
  const { content, stop_reason } = await model.ask("use Bash: ls -l | wc");
  assert.deepEqual([content[0]?.name, content[0]?.input?.["command"], stop_reason], ["Bash", "ls -l | wc", "tool_use"]);
});

test("any tool is called with the JSON input of the script", async (t) => {
  const model = await startModel(t);
  const { content } = await model.ask('use Write: {"file_path": "/w/a"}');
  assert.deepEqual([content[0]?.name, content[0]?.input], ["Write", { file_path: "/w/a" }]);
});

test("a tool input that is no JSON is no directive", async (t) => {
  const model = await startModel(t);
  assert.equal(textOf(await model.ask("use Write: {oops")), "echo: use Write: {oops");
});

test("the steps are taken one tool call at a time", async (t) => {
  const model = await startModel(t);
  const prompt = user("say: first\nuse Bash: one\nuse Bash: two\nsay: last");
  const steps = [
    await model.ask([prompt]),
    await model.ask([prompt, called, user(result("1"))]),
    await model.ask([prompt, called, user(result("1")), called, user(result("2"))]),
  ];
  assert.deepEqual(
    steps.map(({ content }) => content.map(({ text, input }) => text ?? input?.["command"])),
    [["first", "one"], ["two"], ["last"]],
  );
});

test("calls that stand together come in one message", async (t) => {
  const model = await startModel(t);
  const { content } = await model.ask("together\nuse Bash: one\nuse Bash: two\nsay: last");
  assert.deepEqual(
    content.map(({ input }) => input?.["command"]),
    ["one", "two"],
  );
});

test("a script without a last word answers with the tool results, in the order of the calls", async (t) => {
  const model = await startModel(t);
  const messages = [
    user("together\nuse Bash: one\nuse Bash: two"),
    called,
    user(result("second", { tool_use_id: "toolu_2" }), result("first", { tool_use_id: "toolu_1" })),
  ];
  assert.equal(textOf(await model.ask(messages)), "result: first\nresult: second");
});

test("a call without end is repeated after every result", async (t) => {
  const model = await startModel(t);
  const results = Array.from({ length: 9 }, () => [called, user(result("0"))]).flat();
  const { content } = await model.ask([user("forever use Bash: id"), ...results]);
  assert.equal(content[0]?.input?.["command"], "id");
});

test("neighbouring texts are one block", async (t) => {
  const model = await startModel(t);
  const { content } = await model.ask("say: a\nsay: b");
  assert.deepEqual(content, [{ type: "text", text: "a\nb" }]);
});

test("thinking comes before what is said", async (t) => {
  const model = await startModel(t);
  const { content } = await model.ask("say: a\nthink: b");
  assert.deepEqual(
    content.map(({ text, thinking }) => text ?? thinking),
    ["b", "a"],
  );
});

test("beside directives, the rest of the prompt is echoed", async (t) => {
  const model = await startModel(t);
  assert.equal(textOf(await model.ask("delay 1\nhello")), "echo: hello");
});

test("the system prompt and the tool names can be read back", async (t) => {
  const model = await startModel(t);
  const system = [
    { type: "text", text: "You are" },
    { type: "text", text: "a test" },
  ];
  const answer = await model.ask("system\ntools", { system, tools: [{ name: "Bash" }, { name: "Read" }] });
  assert.equal(textOf(answer), "You are\na test\nBash\nRead");
});

test("earlier prompts are recalled one a line", async (t) => {
  const model = await startModel(t);
  const answer = assistant({ type: "text", text: "ok" });
  assert.equal(
    textOf(await model.ask([user("one\nmore"), answer, user("two"), answer, user("recall")])),
    "one more\ntwo",
  );
});

test("with nothing to recall the answer says so", async (t) => {
  const model = await startModel(t);
  assert.equal(textOf(await model.ask("recall")), "nothing yet");
});

test("structured output is given through its tool", async (t) => {
  const model = await startModel(t);
  const { content } = await model.ask('json: {"a": 1}', { tools: [{ name: "StructuredOutput" }] });
  assert.deepEqual([content[0]?.name, content[0]?.input], ["StructuredOutput", { a: 1 }]);
});

test("structured output is text where its tool is not offered", async (t) => {
  const model = await startModel(t);
  assert.equal(textOf(await model.ask('json: {"a": 1}')), '{"a":1}');
});

test("a long text has exactly the size that was asked for", async (t) => {
  const model = await startModel(t);
  assert.equal(textOf(await model.ask("long 100")).length, 100 * 1024);
});

test("an empty answer has no content at all", async (t) => {
  const model = await startModel(t);
  assert.deepEqual((await model.ask("empty")).content, []);
});

test("usage is 10 in and 5 out unless the script says otherwise", async (t) => {
  const model = await startModel(t);
  const tokens = async (prompt: string) => Object.values((await model.ask(prompt)).usage);
  assert.deepEqual(
    [await tokens("hi"), await tokens("usage in=1 out=2 read=3 write=4")],
    [
      [10, 0, 0, 5],
      [1, 4, 3, 2],
    ],
  );
});

test("the stop reason can be chosen", async (t) => {
  const model = await startModel(t);
  assert.equal((await model.ask("stop max_tokens")).stop_reason, "max_tokens");
});
