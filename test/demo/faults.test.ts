import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { events, startModel, textOf } from "./harness.ts";

const Failure = z.object({
  type: z.literal("error"),
  error: z.object({ type: z.string(), message: z.string() }),
  request_id: z.string(),
});

const request = (prompt: string, more: object = {}) => ({
  model: "claude",
  messages: [{ role: "user", content: prompt }],
  ...more,
});

test("a failure has the API's shape, and its request id in the headers too", async (t) => {
  const { post } = await startModel(t);
  const response = await post(request("fail 429 retry-after=7 message=slow down, please"));
  const body = Failure.parse(await response.json());
  assert.deepEqual(
    [response.status, response.headers.get("retry-after"), response.headers.get("request-id"), body.error],
    [429, "7", body.request_id, { type: "rate_limit_error", message: "slow down, please" }],
  );
});

test("the type of a failure can be chosen", async (t) => {
  const { post } = await startModel(t);
  const { error } = Failure.parse(await (await post(request("fail 400 type=billing_error"))).json());
  assert.equal(error.type, "billing_error");
});

test("a failure that is counted ends after so many attempts", async (t) => {
  const { post } = await startModel(t);
  const attempt = async () => (await post(request("fail 529 x2\nsay: at last"))).status;
  assert.deepEqual([await attempt(), await attempt(), await attempt()], [529, 529, 200]);
});

test("attempts are counted for each session alone", async (t) => {
  const { post } = await startModel(t);
  const attempt = async (session: string) =>
    (await post(request("fail 529 x1", { metadata: { user_id: session } }))).status;
  assert.deepEqual([await attempt("one"), await attempt("two"), await attempt("one")], [529, 529, 200]);
});

test("attempts are counted for each model alone", async (t) => {
  const models = [await startModel(t), await startModel(t)];
  const responses = await Promise.all(models.map(({ post }) => post(request("fail 529 x1"))));
  assert.deepEqual(
    responses.map(({ status }) => status),
    [529, 529],
  );
});

test("a stream can end in an error event", async (t) => {
  const { stream } = await startModel(t);
  assert.deepEqual(events(await stream("fail-in-stream overloaded_error")).at(-1)?.["error"], {
    type: "overloaded_error",
    message: "scripted",
  });
});

test("a stream can hold a line that is no JSON", async (t) => {
  const { stream } = await startModel(t);
  const broken = await stream("malformed");
  assert.throws(() => events(broken), SyntaxError);
});

test("a stream can be cut before its end", async (t) => {
  const { stream } = await startModel(t);
  await assert.rejects(stream("truncated"), TypeError);
});

for (const prompt of ["truncated\nsay: whole", "malformed\nsay: whole", "fail-in-stream\nsay: whole"]) {
  test(`the second try, which does not stream, is whole: ${prompt.split("\n")[0]}`, async (t) => {
    const { ask } = await startModel(t);
    assert.equal(textOf(await ask(prompt)), "whole");
  });
}

for (const prompt of ["truncated always", "malformed always"]) {
  test(`the second try is broken too: ${prompt}`, async (t) => {
    const { ask } = await startModel(t);
    await assert.rejects(ask(prompt));
  });
}

test("garbage is a page with status 200", async (t) => {
  const { post } = await startModel(t);
  const response = await post(request("garbage"));
  assert.deepEqual([response.status, response.headers.get("content-type")], [200, "text/html"]);
});

test("a hanging request is never answered", async (t) => {
  const observed = Promise.withResolvers<void>();
  const { post } = await startModel(t, { observe: () => observed.resolve() });
  const client = new AbortController();
  const response = post(request("hang"), { signal: client.signal });
  await observed.promise;
  client.abort();
  await assert.rejects(response, { name: "AbortError" });
});

test("a stream that hangs in the middle has begun", async (t) => {
  const { post } = await startModel(t);
  const response = await post(request("hang-mid", { stream: true }));
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let received = "";
  while (!received.includes("partial")) received += (await reader?.read())?.value ?? "";
  await reader?.cancel();
  assert.match(received, /message_start/);
});
