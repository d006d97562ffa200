import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelRequest } from "../../lib/demo/model.ts";
import { assistant, events, result, startModel, textOf, user } from "./harness.ts";

const request = { model: "claude", messages: [{ role: "user", content: "hello" }] };

test("a stream has the API's events in their order", async (t) => {
  const { stream } = await startModel(t);
  assert.deepEqual(
    events(await stream("hello")).map(({ type }) => type),
    [
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ],
  );
});

test("the deltas of a stream add up to the text, spaces and line ends kept", async (t) => {
  const { stream } = await startModel(t);
  const deltas = events(await stream("say: one  two\nsay:   three")).map(({ delta }) => delta?.text ?? "");
  assert.equal(deltas.join(""), "one  two\n  three");
});

test("the input of a streamed tool call comes as JSON", async (t) => {
  const { stream } = await startModel(t);
  const json = events(await stream('use Read: {"file_path": "/w/a"}')).map(({ delta }) => delta?.partial_json ?? "");
  assert.deepEqual(JSON.parse(json.join("")), { file_path: "/w/a" });
});

test("thinking is streamed before the text", async (t) => {
  const { stream } = await startModel(t);
  const deltas = events(await stream("think: hm\nsay: ok")).flatMap(({ delta }) => delta?.["type"] ?? []);
  assert.deepEqual(deltas, ["thinking_delta", "signature_delta", "text_delta"]);
});

test("a slow text comes in as many pieces as it has words", async (t) => {
  const { stream } = await startModel(t);
  const deltas = events(await stream("slow 150 1")).filter(({ delta }) => delta?.text);
  assert.equal(deltas.length, 150);
});

test("a large text is streamed whole", async (t) => {
  const { stream } = await startModel(t);
  const deltas = events(await stream("long 2000")).map(({ delta }) => delta?.text ?? "");
  assert.equal(deltas.join("").length, 2000 * 1024);
});

test("tokens are counted", async (t) => {
  const { url } = await startModel(t);
  const response = await fetch(`${url}/v1/messages/count_tokens`, { method: "POST", body: JSON.stringify(request) });
  assert.deepEqual(await response.json(), { input_tokens: Math.ceil(JSON.stringify(request).length / 4) });
});

test("the CLI's look at the door is answered", async (t) => {
  const { url } = await startModel(t);
  assert.equal((await fetch(url, { method: "HEAD" })).status, 200);
});

test("any other path is 404", async (t) => {
  const { url } = await startModel(t);
  assert.equal((await fetch(`${url}/v1/models`)).status, 404);
});

test("a body that is no JSON is 400", async (t) => {
  const { url } = await startModel(t);
  assert.equal((await fetch(`${url}/v1/messages`, { method: "POST", body: "{oops" })).status, 400);
});

for (const headers of [{ "x-api-key": "sk-bad" }, { authorization: "Bearer sk-bad" }]) {
  test(`the bad key is 401: ${Object.keys(headers)[0]}`, async (t) => {
    const { post } = await startModel(t);
    assert.equal((await post(request, { headers })).status, 401);
  });
}

test("a model that does not exist is 404", async (t) => {
  const { post } = await startModel(t);
  assert.equal((await post({ ...request, model: "no-such-model" })).status, 404);
});

test("an observer sees path, headers and body of a request", async (t) => {
  const seen: ModelRequest[] = [];
  const { post } = await startModel(t, { observe: (observed) => seen.push(observed) });
  await (await post(request, { headers: { "x-api-key": "key" } })).text();
  assert.deepEqual(
    seen.map(({ method, path, headers, body }) => [method, path, headers["x-api-key"], body?.model]),
    [["POST", "/v1/messages", "key", "claude"]],
  );
});

test("the tour first looks around with Bash", async (t) => {
  const { ask } = await startModel(t, {});
  assert.deepEqual(
    (await ask("hello")).content.map(({ type, name }) => name ?? type),
    ["text", "Bash"],
  );
});

test("the tour then tells what it saw", async (t) => {
  const { ask } = await startModel(t, {});
  assert.match(textOf(await ask([user("hello"), assistant(), user(result("uid=0(root)"))])), /uid=0\(root\)/);
});

for (const [title, more, messages] of [
  ["has no Bash", { tools: [] }, [user("hello")]],
  ["was refused Bash", {}, [user("hello"), assistant(), user(result("not granted", { is_error: true }))]],
] as const) {
  test(`a tour that ${title} still says how to get real answers`, async (t) => {
    const { ask } = await startModel(t, {});
    assert.match(textOf(await ask([...messages], more)), /stromboli login/);
  });
}

test("a script is followed in a tour too", async (t) => {
  const { ask } = await startModel(t, {});
  assert.equal(textOf(await ask("say: hi")), "hi");
});
