import assert from "node:assert/strict";
import { test } from "node:test";
import { eventsFrom } from "../../lib/client/sse.ts";

const streamOf = (...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> =>
  ReadableStream.from(chunks.map((chunk) => (typeof chunk === "string" ? Buffer.from(chunk) : chunk)));
const eventsOf = (...chunks: (string | Uint8Array)[]) => Array.fromAsync(eventsFrom(streamOf(...chunks)));

for (const [title, text, events] of [
  ["an unnamed event is a message", "data: a\n\n", [{ event: "message", data: "a" }]],
  ["a named event keeps its name", "event: done\ndata: {}\n\n", [{ event: "done", data: "{}" }]],
  [
    "an event may have an id",
    "id: 7\ndata: a\n\ndata: b\n\n",
    [
      { event: "message", data: "a", id: "7" },
      { event: "message", data: "b" },
    ],
  ],
  ["several data lines are one text", "data: a\ndata: \ndata: b\n\n", [{ event: "message", data: "a\n\nb" }]],
  ["a heartbeat is no event", ": still here\n\ndata: a\n\n", [{ event: "message", data: "a" }]],
  ["an empty line of the answer is an event", "data: \n\n", [{ event: "message", data: "" }]],
  ["one space behind the colon is dropped, not two", "data:  a\n\n", [{ event: "message", data: " a" }]],
  ["an event that never ended is none", "data: a\n\ndata: b", [{ event: "message", data: "a" }]],
  ["nothing has no events", "", []],
] as const) {
  test(title, async () => assert.deepEqual(await eventsOf(text), events));
}

test("events may be cut anywhere, in the middle of a character too", async () => {
  const bytes = Buffer.from("event: x\ndata: 🦊\n\ndata: é\n\n");
  assert.deepEqual(await eventsOf(...Array.from(bytes, (byte) => Uint8Array.of(byte))), [
    { event: "x", data: "🦊" },
    { event: "message", data: "é" },
  ]);
});

test("an event is there before the stream has ended", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const events = eventsFrom(readable);
  void writable.getWriter().write(Buffer.from("data: early\n\n"));
  assert.deepEqual(await events.next(), { done: false, value: { event: "message", data: "early" } });
});

test("a stream that breaks is an error", async () => {
  const body = new ReadableStream<Uint8Array>({ pull: (control) => control.error(new Error("lost")) });
  await assert.rejects(Array.fromAsync(eventsFrom(body)), { message: "lost" });
});
