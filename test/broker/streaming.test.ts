import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { nextChunk, openDoor, responseTo, startApi } from "./harness.ts";

const start = {
  type: "message_start",
  message: { model: "claude-x", usage: { input_tokens: 10, cache_read_input_tokens: 3, output_tokens: 1 } },
};
const delta = { type: "message_delta", delta: {}, usage: { output_tokens: 25, cache_creation_input_tokens: 4 } };
const sse = (...events: object[]) => events.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`).join("");

/** An API that hands its response to the test, head sent. */
const startSlowApi = async (t: Parameters<typeof startApi>[0]) => {
  const opened = Promise.withResolvers<ServerResponse>();
  const api = await startApi(t, (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    opened.resolve(response);
  });
  return { ...api, opened: opened.promise };
};

test("the first piece of an answer is there before the API has ended it", async (t) => {
  const { url, opened } = await startSlowApi(t);
  const { begin } = await openDoor(t, { url });
  const response = await responseTo(begin().end("{}"));
  (await opened).write("first");
  assert.equal(await nextChunk(response), "first");
});

test("the head of an answer is there before any of its body", async (t) => {
  const { url } = await startSlowApi(t);
  const { begin } = await openDoor(t, { url });
  const { statusCode, headers } = await responseTo(begin().end("{}"));
  assert.deepEqual([statusCode, headers["content-type"]], [200, "text/event-stream"]);
});

test("a request's body goes upstream while the agent still writes it", async (t) => {
  const began = Promise.withResolvers<string>();
  const { url } = await startApi(t, (_, response) => response.end("{}"), began.resolve);
  const { begin } = await openDoor(t, { url });
  const request = begin();
  request.write("first half");
  assert.equal(await began.promise, "first half");
  await text(await responseTo(request.end()));
});

test("an agent that hangs up ends the request upstream", async (t) => {
  const { url, opened } = await startSlowApi(t);
  const { begin } = await openDoor(t, { url });
  const request = begin().end("{}");
  await responseTo(request);
  const upstream = await opened;
  const closed = once(upstream, "close");
  request.destroy();
  await closed;
  assert.equal(upstream.writableFinished, false);
});

test("an agent that hangs up before the answer ends the request upstream too", async (t) => {
  const opened = Promise.withResolvers<ServerResponse>();
  const { url } = await startApi(t, (_, response) => opened.resolve(response));
  const { begin } = await openDoor(t, { url });
  const request = begin()
    .on("error", () => {})
    .end("{}");
  const upstream = await opened.promise;
  const closed = once(upstream, "close");
  request.destroy();
  await closed;
  assert.equal(upstream.headersSent, false);
});

test("an API that breaks off in the middle breaks off for the agent too", async (t) => {
  const { url, opened } = await startSlowApi(t);
  const { begin } = await openDoor(t, { url });
  const response = await responseTo(begin().end("{}"));
  const upstream = await opened;
  upstream.write("half");
  await nextChunk(response);
  upstream.destroy();
  await assert.rejects(text(response), { code: "ECONNRESET" });
});

test("an API that cannot be reached is 502 in the API's own shape", async (t) => {
  const { call } = await openDoor(t, { url: "http://127.0.0.1:1" });
  const { status, body } = await call({ body: "x".repeat(1_000_000) });
  assert.deepEqual(
    [status, JSON.parse(body)],
    [
      502,
      {
        type: "error",
        error: { type: "api_error", message: "the daemon could not reach the model API (ECONNREFUSED)" },
      },
    ],
  );
});

test("an API that cannot be reached is counted", async (t) => {
  const { call, failed } = await openDoor(t, { url: "http://127.0.0.1:1" });
  await call();
  assert.equal(failed.count, 1);
});

test("an API that cannot be reached is logged without the handle or the key", async (t) => {
  const { call, log, handle } = await openDoor(t, { url: "http://127.0.0.1:1" });
  await call();
  const logged = log.join("");
  assert.deepEqual(
    [logged.includes("run-1"), logged.includes(handle), logged.includes("sk-real")],
    [true, false, false],
  );
});

test("an API that hangs up without an answer is 502", async (t) => {
  const { url } = await startApi(t, (request) => request.socket.destroy());
  const { call } = await openDoor(t, { url });
  assert.equal((await call({ body: "{}" })).status, 502);
});

test("the API's errors pass as they are", async (t) => {
  const error = '{"type":"error","error":{"type":"overloaded_error","message":"busy"}}';
  const { url } = await startApi(t, (_, response) => response.writeHead(529, { "retry-after": "3" }).end(error));
  const { call } = await openDoor(t, { url });
  const { status, headers, body } = await call();
  assert.deepEqual([status, headers["retry-after"], body], [529, "3", error]);
});

test("an answer of many megabytes passes whole", async (t) => {
  const large = "é".repeat(4_000_000);
  const { url } = await startApi(t, (_, response) => response.end(large));
  const { call } = await openDoor(t, { url });
  assert.equal((await call()).body, large);
});

test("model and tokens of a streamed answer are recorded for the job", async (t) => {
  const { url } = await startApi(t, (_, response) =>
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" }).end(sse(start, delta)),
  );
  const { call, recorded } = await openDoor(t, { url });
  await call({ body: "{}" });
  const { startedAt, firstByteMs, durationMs, ...rest } = await recorded;
  assert.deepEqual(rest, {
    jobId: "run-1",
    path: "/v1/messages",
    model: "claude-x",
    status: 200,
    inputTokens: 10,
    outputTokens: 25,
    cacheCreationInputTokens: 4,
    cacheReadInputTokens: 3,
  });
  assert.ok(startedAt > 0 && firstByteMs !== null && firstByteMs <= durationMs);
});

test("model and tokens of a whole answer are recorded", async (t) => {
  const message = { model: "claude-y", usage: { input_tokens: 7, output_tokens: 8 } };
  const { url } = await startApi(t, (_, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(message)),
  );
  const { call, recorded } = await openDoor(t, { url });
  await call({ body: "{}" });
  const { model, inputTokens, outputTokens } = await recorded;
  assert.deepEqual([model, inputTokens, outputTokens], ["claude-y", 7, 8]);
});

test("what had passed of an answer when the agent hung up is recorded", async (t) => {
  const { url, opened } = await startSlowApi(t);
  const { begin, recorded } = await openDoor(t, { url });
  const request = begin().end("{}");
  const response = await responseTo(request);
  (await opened).write(sse(start));
  await nextChunk(response);
  request.destroy();
  const { model, inputTokens } = await recorded;
  assert.deepEqual([model, inputTokens], ["claude-x", 10]);
});
