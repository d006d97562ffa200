import assert from "node:assert/strict";
import { test } from "node:test";
import { createTap } from "../../lib/broker/tap.ts";

const none = { model: "", inputTokens: 0, outputTokens: 0, cacheCreationInputTokens: 0, cacheReadInputTokens: 0 };

const seenOf = (contentType: string, ...chunks: (string | Uint8Array)[]) => {
  const tap = createTap(contentType);
  for (const chunk of chunks) tap.write(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  tap.end();
  return tap.seen;
};
const sse = (...chunks: (string | Uint8Array)[]) => seenOf("text/event-stream", ...chunks);
const json = (...chunks: string[]) => seenOf("application/json", ...chunks);

const event = (value: object) => `event: e\ndata: ${JSON.stringify(value)}\n\n`;
const start = event({ type: "message_start", message: { model: "m", usage: { input_tokens: 5, output_tokens: 1 } } });
const delta = (output: number) => event({ type: "message_delta", usage: { output_tokens: output } });

test("running totals replace each other", () => {
  assert.deepEqual(sse(start, delta(10), delta(30)), { ...none, model: "m", inputTokens: 5, outputTokens: 30 });
});

test("the events may be cut anywhere, in the middle of a character too", () => {
  const bytes = Buffer.from(
    event({ type: "message_start", message: { model: "mödel-🦊", usage: { input_tokens: 5 } } }),
  );
  const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
  assert.deepEqual(sse(...single), { ...none, model: "mödel-🦊", inputTokens: 5 });
});

test("events of other types are passed over", () => {
  assert.deepEqual(sse(event({ type: "content_block_delta", usage: { output_tokens: 9 } }), ": ping\n\n"), none);
});

test("tokens of a kind that is no number are passed over, the others count", () => {
  const usage = { input_tokens: "many", output_tokens: 4 };
  assert.deepEqual(sse(event({ type: "message_start", message: { model: "m", usage } })), {
    ...none,
    model: "m",
    outputTokens: 4,
  });
});

for (const text of ["not JSON", "[1]", "null", "data: x", ""]) {
  test(`what is no message counts nothing: ${JSON.stringify(text)}`, () => {
    assert.deepEqual([json(text), sse(`data: ${text}\n\n`)], [none, none]);
  });
}

test("a whole message may come in pieces", () => {
  assert.deepEqual(json('{"model":"m","usage":', '{"input_tokens":3,"cache_read_input_tokens":2}}'), {
    ...none,
    model: "m",
    inputTokens: 3,
    cacheReadInputTokens: 2,
  });
});

test("a token count has no model and counts nothing", () => {
  assert.deepEqual(json('{"input_tokens":100}'), none);
});
