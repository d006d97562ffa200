import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { openApp } from "./harness.ts";

type Server = Parameters<typeof openApp>[1] extends { server?: infer Value } | undefined ? Value : never;

/** Status and code of GET /healthz with these headers. */
const ask = async (t: TestContext, headers: Record<string, string>, server: Server = {}) => {
  const { status, body } = await openApp(t, { server }).json("/healthz", { headers });
  return [status, body["code"] ?? "ok"];
};

const good = [200, "ok"];
const badHost = [403, "host_not_allowed"];
const badOrigin = [403, "origin_not_allowed"];

for (const host of ["localhost", "localhost:8080", "LOCALHOST", "127.0.0.1:8080", "127.1.2.3", "[::1]", "[::1]:8080"]) {
  test(`the host ${host} is ours`, async (t) => assert.deepEqual(await ask(t, { host }), good));
}

for (const host of [
  "evil.example",
  "evil.example:8080",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "evil-localhost",
  "0.0.0.0",
  "10.0.0.1",
  "192.168.1.2:8080",
  "[::]",
  "[::ffff:7f00:1]",
  "[fe80::1]",
  "::1",
  "",
  ":8080",
  "localhost:8080:80",
  "user@localhost",
  "localhost, evil.example",
  "localhost/",
  "2130706433",
]) {
  test(`the host ${JSON.stringify(host)} is not ours, as when a name was bound to our address`, async (t) => {
    assert.deepEqual(await ask(t, { host }), badHost);
  });
}

test("a configured host is ours, whatever its case and port", async (t) => {
  const server = { allowed_hosts: ["Box.example"] };
  assert.deepEqual(await ask(t, { host: "bOX.example:443" }, server), good);
});

test("a configured host does not speak for its subdomains", async (t) => {
  assert.deepEqual(await ask(t, { host: "a.box.example" }, { allowed_hosts: ["box.example"] }), badHost);
});

test("a refusal of a host says what to do", async (t) => {
  const { body } = await openApp(t).json("/healthz", { headers: { host: "box.example" } });
  assert.match(String(body["error"]), /box\.example; .*server\.allowed_hosts/);
});

for (const [title, headers, answer] of [
  ["no browser at all", {}, good],
  ["a page of our own", { host: "localhost:8080", origin: "http://localhost:8080" }, good],
  ["a page of our own, by IPv6", { host: "[::1]:8080", origin: "http://[::1]:8080" }, good],
  ["an address that was typed", { "sec-fetch-site": "none" }, good],
  ["a page of our own without an origin", { "sec-fetch-site": "same-origin" }, good],
  ["another site", { origin: "https://evil.example" }, badOrigin],
  ["another port of this machine", { host: "localhost:8080", origin: "http://localhost:3000" }, badOrigin],
  ["another name of this machine", { host: "localhost:8080", origin: "http://127.0.0.1:8080" }, badOrigin],
  ["a sandboxed page", { origin: "null" }, badOrigin],
  ["an origin that is none", { origin: "localhost" }, badOrigin],
  ["a link on another site", { "sec-fetch-site": "cross-site" }, badOrigin],
  ["a subdomain", { "sec-fetch-site": "same-site" }, badOrigin],
] as const) {
  test(`${title} is ${answer === good ? "let in" : "kept out"}`, async (t) => {
    assert.deepEqual(await ask(t, headers), answer);
  });
}

test("another site can start no run", async (t) => {
  const { run, submitted } = openApp(t);
  const { status } = await run({ prompt: "hi" }, { origin: "https://evil.example", "content-type": "text/plain" });
  assert.deepEqual([status, submitted], [403, []]);
});

const trusting = { cors_origins: ["https://app.example"] };

test("a configured origin is let in and may read the answer", async (t) => {
  const { headers, status } = await openApp(t, { server: trusting }).call("/healthz", {
    headers: { origin: "https://app.example", "sec-fetch-site": "cross-site" },
  });
  assert.deepEqual([status, headers.get("access-control-allow-origin")], [200, "https://app.example"]);
});

test("a configured origin may read errors too", async (t) => {
  const { headers, status } = await openApp(t, { server: trusting }).call("/nowhere", {
    headers: { origin: "https://app.example" },
  });
  assert.deepEqual([status, headers.get("access-control-allow-origin")], [404, "https://app.example"]);
});

test("a configured origin may ask beforehand", async (t) => {
  const { status, headers } = await openApp(t, { server: trusting }).call("/run", {
    method: "OPTIONS",
    headers: { origin: "https://app.example", "access-control-request-method": "POST" },
  });
  assert.equal(status, 204);
  assert.match(headers.get("access-control-allow-methods") ?? "", /POST/);
});

for (const origin of ["https://app.example.evil", "http://app.example", "https://app.example:444", "null"]) {
  test(`${origin} is not the configured origin`, async (t) =>
    assert.deepEqual(await ask(t, { origin }, trusting), badOrigin));
}

test("a configured origin cannot come by a bound name", async (t) => {
  assert.deepEqual(await ask(t, { host: "evil.example", origin: "https://app.example" }, trusting), badHost);
});

test("without configured origins no answer invites one", async (t) => {
  const { headers } = await openApp(t).call("/healthz");
  assert.equal(headers.get("access-control-allow-origin"), null);
});
