import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { createClient, failureOf, isUnreachable, jsonOf } from "../../bin/client.ts";
import { findTarget } from "../../bin/target.ts";
import { tempFolder } from "../harness.ts";
import { listen } from "./harness.ts";

for (const [title, env, target] of [
  ["STROMBOLI_HOST may be a socket", { STROMBOLI_HOST: "unix:///a/b.sock" }, { socketPath: "/a/b.sock" }],
  [
    "STROMBOLI_HOST may be an address",
    { STROMBOLI_HOST: "http://box:9000" },
    { protocol: "http:", host: "box", port: 9000 },
  ],
  ["an address has port 80 by itself", { STROMBOLI_HOST: "http://box" }, { protocol: "http:", host: "box", port: 80 }],
  ["without it the configured socket is used", { STROMBOLI_SERVER_SOCKET: "/s.sock" }, { socketPath: "/s.sock" }],
  ["without either this user's socket is used", { XDG_RUNTIME_DIR: "/r" }, { socketPath: "/r/stromboli/api.sock" }],
  [
    "an empty STROMBOLI_HOST is none",
    { STROMBOLI_HOST: "", XDG_RUNTIME_DIR: "/r" },
    { socketPath: "/r/stromboli/api.sock" },
  ],
] as const) {
  test(title, () => assert.deepEqual(findTarget(env), target));
}

test("STROMBOLI_HOST may be an IPv6 address", () => {
  assert.deepEqual(findTarget({ STROMBOLI_HOST: "http://[::1]:8080" }), { protocol: "http:", host: "::1", port: 8080 });
});

for (const host of ["localhost:8080", "ftp://box", "/a/b.sock", "nonsense"]) {
  test(`STROMBOLI_HOST=${host} is refused with what it may be`, () => {
    assert.throws(() => findTarget({ STROMBOLI_HOST: host }), {
      name: "Failure",
      exitCode: 2,
      message: /unix:\/\/\/path or http\(s\):\/\/host:port/,
    });
  });
}

test("STROMBOLI_HOST may be behind TLS, at port 443 by itself", () => {
  assert.deepEqual(findTarget({ STROMBOLI_HOST: "https://box" }), { protocol: "https:", host: "box", port: 443 });
});

test("a request goes over the socket, with path, query, body and a host that the daemon lets in", async (t) => {
  const { promise: seen, resolve } = Promise.withResolvers<unknown[]>();
  const receive = async (request: IncomingMessage) =>
    resolve([request.method, request.url, request.headers.host, await text(request)]);
  const { client } = await listen(t, (request, response) => void receive(request).then(() => response.end("{}")));
  await client.run.stream.$post({ json: { prompt: "é" }, query: { events: "raw" }, header: {} });
  assert.deepEqual(await seen, ["POST", "/run/stream?events=raw", "localhost", '{"prompt":"é"}']);
});

test("a request goes over TCP, with a host that the daemon lets in whatever the machine is called", async (t) => {
  const server = createServer(({ headers }, response) => response.end(JSON.stringify({ status: headers.host })));
  server.listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
  const response = await createClient({ protocol: "http:", host: "127.0.0.1", port }).healthz.$get();
  assert.deepEqual(await response.json(), { status: "localhost" });
});

test("a token goes with each request, to the host that it is for", async (t) => {
  const server = createServer(({ headers }, response) =>
    response.end(JSON.stringify({ status: `${headers.host} ${headers.authorization}` })),
  );
  server.listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
  const client = createClient({ protocol: "http:", host: "127.0.0.1", port, token: "t" });
  assert.deepEqual(await (await client.healthz.$get()).json(), { status: `127.0.0.1:${port} Bearer t` });
});

test("what is asked for stands in the trace that the environment tells", async (t) => {
  const { socketPath } = await listen(t, ({ headers }, response) =>
    response.end(JSON.stringify({ status: [headers["traceparent"], headers["tracestate"]].join(" ") })),
  );
  const asked = async (env: NodeJS.ProcessEnv) => (await createClient({ socketPath }, env).healthz.$get()).json();
  assert.deepEqual(await asked({ TRACEPARENT: "00-a-b-01", TRACESTATE: "x=1" }), { status: "00-a-b-01 x=1" });
  assert.deepEqual(await asked({ TRACEPARENT: "two\nlines", TRACESTATE: "" }), { status: " " });
});

test("an answer is there before it has ended", async (t) => {
  const { client } = await listen(t, (_, response) => void response.writeHead(200).write("early"));
  const { body } = await client.healthz.$get();
  const reader = body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  assert.equal(Buffer.from(value ?? []).toString(), "early");
  await reader?.cancel();
});

test("a caller that gives up hangs up", async (t) => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const { client } = await listen(t, (_, response) => {
    response.once("close", resolve);
    arrive();
  });
  const caller = new AbortController();
  const answer = client.healthz.$get(undefined, { init: { signal: caller.signal } });
  await arrived;
  caller.abort();
  await assert.rejects(answer, { name: "AbortError" });
  await closed;
});

test("a socket in a folder that others can write to is not trusted", async (t) => {
  const { client, folder } = await listen(t, (_, response) => response.end("{}"));
  chmodSync(folder, 0o777);
  await assert.rejects(client.healthz.$get(), { name: "Failure", exitCode: 78, message: /others can write/ });
});

test("a daemon that is not there is told from one that answers badly", async (t) => {
  const error: unknown = await createClient({ socketPath: join(tempFolder(t), "none") })
    .healthz.$get()
    .catch((thrown: unknown) => thrown);
  assert.deepEqual(
    [isUnreachable(error), isUnreachable(new Error("other")), isUnreachable("text")],
    [true, false, false],
  );
});

test("an error answer is the daemon's sentence with its exit code", async () => {
  const body = JSON.stringify({ error: "image not here", code: "image_not_found", request_id: "r" });
  await assert.rejects(jsonOf(new Response(body, { status: 404 })), {
    name: "Failure",
    message: "image not here",
    exitCode: 1,
  });
});

for (const [code, exitCode] of [
  ["no_credentials", 78],
  ["volume_not_allowed", 77],
  ["invalid_request", 2],
  ["podman_unusable", 69],
  ["internal", 70],
  ["of_a_later_version", 1],
] as const) {
  test(`the error ${code} ends the command with ${exitCode}`, async () => {
    assert.equal((await failureOf(JSON.stringify({ error: "x", code }))).exitCode, exitCode);
  });
}

test("an answer that is no JSON is told, not too much of it", async () => {
  const { message, exitCode } = await failureOf(`<html>${"x".repeat(5000)}`);
  assert.deepEqual(
    [message.startsWith("the daemon answered something else"), message.length < 300, exitCode],
    [true, true, 70],
  );
});
