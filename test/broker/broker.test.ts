import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { test } from "node:test";
import { createHandle } from "../../lib/broker/handle.ts";
import { tempFolder, writeFiles } from "../harness.ts";
import { openDoor, startApi } from "./harness.ts";

test("the handle of an agent becomes the real API key", async (t) => {
  const { url, received } = await startApi(t);
  const { call } = await openDoor(t, { url });
  await call({ body: '{"model":"m"}' });
  assert.deepEqual(
    received.map(({ method, url: path, headers, body }) => [method, path, headers["x-api-key"], body]),
    [["POST", "/v1/messages?beta=true", "sk-real", '{"model":"m"}']],
  );
});

test("the handle of an agent becomes the real OAuth token", async (t) => {
  const { url, received } = await startApi(t);
  const { call, handle } = await openDoor(t, { url, credential: { kind: "oauth", value: "token-real" } });
  await call({ headers: { "x-api-key": undefined, authorization: `Bearer ${handle}` } });
  const { headers } = received[0] ?? {};
  assert.deepEqual([headers?.authorization, headers?.["x-api-key"]], ["Bearer token-real", undefined]);
});

test("neither handle nor cookie nor proxy credentials go upstream", async (t) => {
  const { url, received } = await startApi(t);
  const { call, handle } = await openDoor(t, { url });
  await call({ headers: { authorization: `Bearer ${handle}`, cookie: "a=1", "proxy-authorization": "Basic x" } });
  const { headers } = received[0] ?? {};
  assert.deepEqual(
    [
      JSON.stringify(received).includes(handle),
      headers?.authorization,
      headers?.cookie,
      headers?.["proxy-authorization"],
    ],
    [false, undefined, undefined, undefined],
  );
});

test("the other headers of an agent go upstream, its encodings do not", async (t) => {
  const { url, received } = await startApi(t);
  const { call } = await openDoor(t, { url });
  await call({ headers: { "anthropic-beta": "b1", "accept-encoding": "gzip, br", host: "elsewhere" } });
  const { headers } = received[0] ?? {};
  assert.deepEqual(
    [headers?.["anthropic-beta"], headers?.["accept-encoding"], headers?.host],
    ["b1", "identity", new URL(url).host],
  );
});

for (const [title, headers] of [
  ["another job's handle", { "x-api-key": createHandle() }],
  ["no handle", { "x-api-key": undefined }],
  ["an empty handle", { "x-api-key": "" }],
  ["the real key", { "x-api-key": "sk-real" }],
  ["a bearer token that is none", { "x-api-key": undefined, authorization: "Bearer x" }],
] as const) {
  test(`${title} is refused in the API's own shape, and nothing goes upstream`, async (t) => {
    const { url, received } = await startApi(t);
    const { call } = await openDoor(t, { url });
    const { status, body } = await call({ headers });
    assert.deepEqual(
      [status, JSON.parse(body), received],
      [401, { type: "error", error: { type: "authentication_error", message: "this handle is not this job's" } }, []],
    );
  });
}

test("a key that the API refuses is not to be tried again", async (t) => {
  const { url } = await startApi(t, (_, response) => response.writeHead(401).end("{}"));
  const { call } = await openDoor(t, { url });
  assert.equal((await call({})).headers["x-should-retry"], "false");
});

test("what the API cannot do right now may be tried again", async (t) => {
  const { url } = await startApi(t, (_, response) => response.writeHead(529).end("{}"));
  const { call } = await openDoor(t, { url });
  assert.equal((await call({})).headers["x-should-retry"], undefined);
});

for (const [method, path] of [
  ["GET", "/v1/messages"],
  ["POST", "/v1/models"],
  ["POST", "/v1/messages/batches"],
  ["POST", "/v1/organizations/api_keys"],
  ["POST", "/v1/messages/../organizations"],
  ["POST", "/v1/messages%2f..%2forganizations"],
  ["POST", "/v1/messages/"],
  ["POST", "/"],
  ["POST", "//"],
  ["POST", "http://[/"],
  ["POST", "http://127.0.0.1:1/v1/messages"],
  ["POST", "//127.0.0.1:1/v1/messages"],
  ["POST", "/\\127.0.0.1:1/v1/messages"],
  ["OPTIONS", "*"],
] as const) {
  test(`the broker passes on no ${method} ${path}`, async (t) => {
    const { url, received } = await startApi(t);
    const { call } = await openDoor(t, { url });
    const { status, body } = await call({ method, path });
    assert.deepEqual([status, JSON.parse(body).error.type, received], [404, "not_found_error", []]);
  });
}

test("tokens can be counted", async (t) => {
  const { url, received } = await startApi(t);
  const { call } = await openDoor(t, { url });
  await call({ path: "/v1/messages/count_tokens?beta=true" });
  assert.equal(received[0]?.url, "/v1/messages/count_tokens?beta=true");
});

test("the CLI's look at the door is answered without a handle, and goes nowhere", async (t) => {
  const { url, received } = await startApi(t);
  const { call } = await openDoor(t, { url });
  const { status } = await call({ method: "HEAD", path: "/", headers: { "x-api-key": undefined } });
  assert.deepEqual([status, received], [200, []]);
});

test("an API below a path is asked there", async (t) => {
  const { url, received } = await startApi(t);
  const { call } = await openDoor(t, { url: `${url}/gateway/` });
  await call({ path: "/v1/messages" });
  assert.equal(received[0]?.url, "/gateway/v1/messages");
});

test("without credentials the agent is told so", async (t) => {
  const { url } = await startApi(t);
  const { call } = await openDoor(t, { url, credential: undefined });
  const { status, body } = await call();
  assert.deepEqual([status, JSON.parse(body).error.type], [401, "authentication_error"]);
  assert.match(body, /stromboli login/);
});

test("a demo is answered by the scripted model, with the job's handle alone", async (t) => {
  const { url, received } = await startApi(t);
  const { call } = await openDoor(t, { url, demo: (_, response) => response.end("scripted") });
  const good = await call();
  const bad = await call({ headers: { "x-api-key": "x" } });
  assert.deepEqual([good.body, bad.status, received], ["scripted", 401, []]);
});

test("the socket is open to the container's user, whoever that is", async (t) => {
  const { url } = await startApi(t);
  const { socketPath } = await openDoor(t, { url });
  assert.equal(statSync(socketPath).mode & 0o777, 0o666);
});

test("a socket file that a killed daemon left is replaced", async (t) => {
  const { url } = await startApi(t);
  const folder = tempFolder(t);
  writeFiles(folder, { "broker/api.sock": "" });
  const { call } = await openDoor(t, { url, folder });
  assert.equal((await call()).status, 200);
});

test("a closed door answers nobody any more, and its socket is gone", async (t) => {
  const { url } = await startApi(t);
  const { call, door, socketPath } = await openDoor(t, { url });
  await call();
  await door.close();
  await assert.rejects(call(), { code: "ENOENT" });
  assert.equal(statSync(socketPath, { throwIfNoEntry: false }), undefined);
});

test("over tcp the broker listens on a port of its own", async (t) => {
  const { url } = await startApi(t);
  const { broker } = await openDoor(t, { url });
  const door = await broker.open({ jobId: "run-2", handleHash: "00".repeat(32), demo: false, folder: undefined });
  t.after(() => door.close());
  assert.equal((await fetch(`http://127.0.0.1:${door.port}/v1/messages`, { method: "POST" })).status, 401);
});
