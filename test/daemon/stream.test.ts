import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import { test } from "node:test";
import { eventsFrom } from "../../bin/sse.ts";
import { StromboliError } from "../../lib/errors.ts";
import { fixtureLines } from "../harness.ts";
import { openApp, response } from "./harness.ts";

const post = (body: object) => ({ method: "POST", body: JSON.stringify({ prompt: "hi", ...body }) });
const says = (text: string) =>
  `${JSON.stringify({ type: "assistant", message: { content: [{ type: "text", text }] } })}\n`;
const done = { event: "done", data: JSON.stringify(response) };
const message = (data: string) => ({ event: "message", data });

const eventsOf = (text: string) => Array.fromAsync(eventsFrom(new Blob([text]).stream()));

test("the lines of the answer are events, and the report is the last one", async (t) => {
  const { call } = openApp(t, { output: says("one\n\ntwo") + says("three") });
  const { status, headers, text } = await call("/run/stream", post({}));
  assert.deepEqual(
    [status, headers.get("content-type"), headers.get("x-accel-buffering")],
    [200, "text/event-stream", "no"],
  );
  assert.deepEqual(await eventsOf(text), [...["one", "", "two", "three"].map(message), done]);
});

for (const [title, path, body] of [
  ["when the format asks for them", "/run/stream", { claude: { output_format: "stream-json" } }],
  ["when the query asks for them", "/run/stream?events=raw", {}],
] as const) {
  test(`the raw lines are events ${title}`, async (t) => {
    const { call } = openApp(t, { output: `${fixtureLines("tool-use").join("\n")}\n` });
    const { text } = await call(path, post(body));
    assert.deepEqual(await eventsOf(text), [...fixtureLines("tool-use").map(message), done]);
  });
}

test("events have line feeds and a space behind data:", async (t) => {
  const { text } = await openApp(t, { output: says("one") }).call("/run/stream", post({}));
  assert.equal(text, `data: one\n\nevent: done\ndata: ${JSON.stringify(response)}\n\n`);
});

test("an event is there before the run has ended", async (t) => {
  const { promise, resolve } = Promise.withResolvers<typeof response>();
  const { app, outputPath } = openApp(t, { submit: () => Promise.resolve({ done: promise }) });
  const answer = await app.request("/run/stream", { ...post({}), headers: { host: "localhost" } });
  const events = eventsFrom(answer.body ?? new Blob([]).stream());
  await appendFile(outputPath, says("early"));
  assert.deepEqual((await events.next()).value, message("early"));
  resolve(response);
  assert.deepEqual((await events.next()).value, done);
});

test("a run that fails under way ends with the error, in the one shape", async (t) => {
  const failed = Promise.reject(new StromboliError("start_failed", "Podman could not start the container: x"));
  failed.catch(() => {});
  const { call } = openApp(t, { submit: () => Promise.resolve({ done: failed }) });
  const { text } = await call("/run/stream", { ...post({}), headers: { "x-request-id": "r" } });
  const [event, ...more] = await eventsOf(text);
  assert.deepEqual(
    [event?.event, JSON.parse(event?.data ?? ""), more],
    [
      "error",
      {
        id: "",
        status: "error",
        code: "start_failed",
        request_id: "r",
        error: "Podman could not start the container: x",
      },
      [],
    ],
  );
});

test("a bug under way ends with an error that says nothing", async (t) => {
  const failed = Promise.reject(new TypeError("SECRET"));
  failed.catch(() => {});
  const { text } = await openApp(t, { submit: () => Promise.resolve({ done: failed }) }).call("/run/stream", post({}));
  assert.deepEqual([text.includes("SECRET"), text.includes('"internal"')], [false, true]);
});

test("what is refused is refused with its status and no stream", async (t) => {
  const { call } = openApp(t, { submit: () => Promise.reject(new StromboliError("session_in_use", "busy")) });
  const { status, headers } = await call("/run/stream", post({}));
  assert.deepEqual([status, headers.get("content-type")], [409, "application/json"]);
});

for (const [title, path, body] of [
  ["a bad body", "/run/stream", { promt: 1 }],
  ["a bad query", "/run/stream?events=all", {}],
] as const) {
  test(`${title} is 400 and no stream`, async (t) => {
    assert.equal((await openApp(t).call(path, post(body))).status, 400);
  });
}

test("a line of many megabytes comes whole, in events of at most 1 MiB", async (t) => {
  const large = "é".repeat(3_000_000);
  const { text } = await openApp(t, { output: says(large) }).call("/run/stream", post({}));
  const sizes = text.split("\n\n").map((event) => Buffer.byteLength(event));
  assert.ok(Math.max(...sizes) <= 1_048_576, String(sizes));
  const pieces = (await eventsOf(text)).filter(({ event }) => event === "message").map(({ data }) => data);
  assert.ok(pieces.join("") === large);
});

test("a raw line above 1 MiB is named and skipped", async (t) => {
  const { text } = await openApp(t, { output: says("a".repeat(3_000_000)) }).call("/run/stream?events=raw", post({}));
  const [event] = await eventsOf(text);
  assert.equal(event?.event, "skipped");
  assert.ok(Number(JSON.parse(event.data).bytes) > 3_000_000);
});

test("a carriage return in the text does not break an event", async (t) => {
  const { text } = await openApp(t, { output: says("50%\r100%") }).call("/run/stream", post({}));
  assert.deepEqual(await eventsOf(text), [message("50%\n100%"), done]);
});
