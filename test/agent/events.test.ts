import assert from "node:assert/strict";
import { test } from "node:test";
import { eventsOf } from "../../lib/agent/events.ts";
import { fixtureLines } from "../harness.ts";

const eventsIn = (name: string) => fixtureLines(name).flatMap(eventsOf);

test("a recorded answer with deltas is seen in its order", () => {
  assert.deepEqual(eventsIn("text-partial"), [
    { kind: "init", sessionId: "55555555-5555-4555-8555-555555555551", model: "claude-opus-5-5" },
    { kind: "begin" },
    { kind: "delta", text: "echo: hello" },
    { kind: "text", text: "echo: hello" },
    { kind: "usage", outputTokens: 5 },
    { kind: "result" },
  ]);
});

test("a recorded tool call is seen with its input, its result is not", () => {
  assert.deepEqual(eventsIn("tool-use").slice(1), [
    { kind: "tool", name: "Bash", input: { command: "echo hi", description: "run it" } },
    { kind: "text", text: "result: hi" },
    { kind: "result" },
  ]);
});

test("a recorded retry is seen with its number and reason", () => {
  assert.deepEqual(eventsIn("api-retry"), [{ kind: "retry", attempt: 1, max: 2, error: "overloaded" }]);
});

test("the blocks of a message come in order, thinking left out", () => {
  const content = [
    { type: "thinking", thinking: "hm" },
    { type: "text", text: "a" },
    { type: "tool_use", name: "Read", input: {} },
    { type: "text", text: "b" },
  ];
  assert.deepEqual(
    eventsOf(JSON.stringify({ type: "assistant", message: { content } })).map(({ kind }) => kind),
    ["text", "tool", "text"],
  );
});

test("what a subagent says is not for us", () => {
  const message = { content: [{ type: "text", text: "to the agent" }] };
  assert.deepEqual(eventsOf(JSON.stringify({ type: "assistant", parent_tool_use_id: "toolu_1", message })), []);
});

for (const line of [
  "",
  "not JSON",
  '{"type":"assistant","message":{"content":[{"type":"te',
  "null",
  "[]",
  "42",
  "{}",
  '{"type":"assistant"}',
  '{"type":"assistant","message":null}',
  '{"type":"assistant","message":{"content":"text"}}',
  '{"type":"assistant","message":{"content":[null,1,"x"]}}',
  '{"type":"stream_event","event":null}',
  '{"type":"stream_event","event":{"type":"message_delta","usage":null}}',
  '{"type":"stream_event","event":{"type":"content_block_delta","delta":{"type":"input_json_delta"}}}',
  '{"type":"system","subtype":"status"}',
  '{"type":"user","message":{"content":[{"type":"text","text":"replayed"}]}}',
  '{"type":"of_a_later_version"}',
]) {
  test(`a line that says nothing to a watcher is passed over: ${line.slice(0, 60)}`, () => {
    assert.deepEqual(eventsOf(line), []);
  });
}
