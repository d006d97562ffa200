import assert from "node:assert/strict";
import { test } from "node:test";
import { SessionMessage } from "../../lib/schema/session.ts";
import { messageOf, parseLine } from "../../lib/transcript/message.ts";
import { fixtureLines } from "../harness.ts";

const parsed = (line: string): SessionMessage[] => {
  const found = parseLine(line);
  return found ? [messageOf(found, "s")] : [];
};
/** What a line with these blocks says. */
const blocksOf = (content: unknown) =>
  parsed(JSON.stringify({ type: "user", uuid: "u", timestamp: "t", message: { role: "user", content } })).flatMap(
    (message) => message.content.content,
  );

const recorded = fixtureLines("transcript").flatMap(parsed);

test("of a recorded transcript the lines of user and assistant are messages", () => {
  const kinds = recorded.map(({ type, content }) => [type, ...content.content.map((block) => block.type)]);
  assert.deepEqual(kinds, [
    ["user", "text"],
    ["assistant", "tool_use"],
    ["user", "tool_result"],
    ["assistant", "text"],
  ]);
});

test("recorded messages fit their schema as they are", () => {
  assert.deepEqual(
    recorded.map((message) => SessionMessage.parse(message)),
    recorded,
  );
});

test("a message has what the CLI noted beside it", () => {
  assert.deepEqual(recorded[0], {
    uuid: "615e9d7f-90e7-4573-b594-9f9b568efe81",
    type: "user",
    session_id: "s",
    timestamp: "2026-11-23T11:14:28.446Z",
    cwd: "/workspace",
    git_branch: "HEAD",
    version: "2.1.330",
    permission_mode: "bypassPermissions",
    content: { role: "user", content: [{ type: "text", text: "use Bash: echo hi" }] },
  });
});

test("an assistant's message has model, id, usage and why it stopped", () => {
  const { model, message_id, stop_reason, usage } = recorded[1]?.content ?? {};
  assert.deepEqual(
    [model, message_id, stop_reason, usage?.output_tokens],
    ["claude-opus-5-5", "msg_871542994534dfa4675126d2", "tool_use", 5],
  );
});

test("a tool's call and its result are told with what links them", () => {
  const id = "toolu_6b0a4a0dcbf22a096dde80e2";
  const input = { command: "echo hi", description: "run it" };
  assert.deepEqual(recorded[1]?.content.content, [{ type: "tool_use", id, name: "Bash", input }]);
  assert.deepEqual(recorded[2]?.content.content, [
    { type: "tool_result", tool_use_id: id, content: "hi", is_error: false },
  ]);
  assert.deepEqual(recorded[2]?.tool_result, { stdout: "hi", stderr: "", interrupted: false, is_image: false });
});

test("a thought is a block with its text", () => {
  assert.deepEqual(blocksOf([{ type: "thinking", thinking: "hm", signature: "x" }]), [
    { type: "thinking", text: "hm" },
  ]);
});

test("a result in blocks is one text, its images left out", () => {
  const content = [
    { type: "text", text: "one" },
    { type: "image", source: { data: "iVBOR" } },
    { type: "text", text: "two" },
    7,
  ];
  assert.deepEqual(blocksOf([{ type: "tool_result", content }]), [
    { type: "tool_result", content: "one\n[image]\ntwo" },
  ]);
});

test("a field of the wrong kind is left out, and so is a block without a type", () => {
  const blocks = [{ type: "text", text: 7, id: {}, is_error: "no", content: 7 }, { text: "x" }, "x", null];
  assert.deepEqual(blocksOf(blocks), [{ type: "text" }]);
});

test("what a tool was given can be nested too deeply to be told", () => {
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  const line = `{"type":"user","uuid":"u","timestamp":"t","message":{"role":"user","content":[{"type":"tool_use","name":"A","input":${deep}}]}}`;
  assert.deepEqual(
    parsed(line).flatMap(({ content }) => content.content),
    [{ type: "tool_use", name: "A" }],
  );
});
