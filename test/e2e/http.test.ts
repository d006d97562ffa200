import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";

const stromboli = await startStromboli(
  { after },
  { config: { server: { allowed_hosts: ["box.example"], cors_origins: ["https://app.example"] } } },
);
const { send } = stromboli;

const bodyOf = async (response: Response) => (await response.json()) as Record<string, unknown>;

/** fetch sends no Host of one's own, and speaks over no unix socket. */
const ask = (options: object, path = "/healthz", host = "localhost") =>
  new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    httpRequest({ path, headers: { host }, ...options }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    })
      .once("error", reject)
      .end();
  });
const askTcp = (host: string, headers: object = {}) =>
  ask({ host: "127.0.0.1", port: new URL(stromboli.url()).port, headers: { host, ...headers } });

test("health names the daemon, its version and what it depends on", async () => {
  const response = await send("/health");
  const body = await bodyOf(response);
  assert.deepEqual([response.status, body["status"], body["name"]], [200, "ok", "stromboli"]);
  assert.match(String(body["version"]), /^0\.4\.\d+$/);
  const components = body["components"] as { name: string; status: string }[];
  assert.deepEqual(
    components.map(({ name, status }) => [name, status]),
    [
      ["podman", "ok"],
      ["database", "ok"],
      ["claude", "ok"],
    ],
  );
});

test("healthz and readyz answer 200 while all is well", async () => {
  assert.deepEqual([(await send("/healthz")).status, (await send("/readyz")).status], [200, 200]);
});

test("without credentials health is degraded with 200, readyz 503, and a run is refused with the ways to give them", async (t) => {
  const other = await startStromboli(t, { env: { ANTHROPIC_API_KEY: "" } });
  const [health, ready] = [await other.send("/health"), await other.send("/readyz")];
  assert.deepEqual([health.status, (await bodyOf(health))["status"], ready.status], [200, "degraded", 503]);
  const status = await bodyOf(await other.send("/claude/status"));
  assert.deepEqual([status["configured"], status["credentials"]], [false, "none"]);
  const { status: answered, body } = await other.run({ prompt: "hello" });
  assert.deepEqual([answered, body.code], [503, "no_credentials"]);
  assert.match(body.error ?? "", /ANTHROPIC_API_KEY.*stromboli login.*--demo/);
});

test("claude/status says that there is a key, and not which", async () => {
  const response = await send("/claude/status");
  const body = await response.text();
  assert.match(body, /"configured":true.*"credentials":"api_key"/);
  assert.equal(body.includes(stromboli.key), false);
});

test("openapi.json describes the routes in OpenAPI 3.1", async () => {
  const body = await bodyOf(await send("/openapi.json"));
  const paths = Object.keys(body["paths"] as object);
  assert.equal(body["openapi"], "3.1.0");
  const some = ["/run", "/run/stream", "/run/async", "/jobs", "/jobs/{id}/events", "/webhooks/deliveries", "/prune"];
  assert.deepEqual(
    [...some, "/health"].filter((path) => !paths.includes(path)),
    [],
  );
});

test("the same API answers on the unix socket", async () => {
  const { status, body } = await ask({ socketPath: stromboli.place.socket });
  assert.deepEqual([status, body], [200, '{"status":"ok"}']);
});

for (const path of ["/nothing", "/run/nothing", "/jobs/x/nothing", "/webhooks", "/%", "/..%2fpasswd"]) {
  test(`there is no ${path}, said in the shape of all errors`, async () => {
    const response = await send(path);
    const body = await bodyOf(response);
    assert.deepEqual([response.status, body["code"]], [404, "not_found"]);
    assert.ok(String(body["error"]).length > 0 && String(body["request_id"]).length > 0);
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
  });
}

test("errors of /run carry an empty id and the status error", async () => {
  const body = await bodyOf(await send("/run", { method: "POST", body: "{}" }));
  assert.deepEqual([body["id"], body["status"], body["code"]], ["", "error", "invalid_request"]);
});

test("a fit X-Request-ID comes back, in the head and in errors", async () => {
  const response = await send("/nothing", { headers: { "x-request-id": "My_id-1.2" } });
  assert.deepEqual(
    [response.headers.get("x-request-id"), (await bodyOf(response))["request_id"]],
    ["My_id-1.2", "My_id-1.2"],
  );
});

for (const id of ["has space", "x".repeat(129), "semi;colon"]) {
  test(`an X-Request-ID that is not fit is replaced: ${id.slice(0, 12)}`, async () => {
    const given = (await send("/healthz", { headers: { "x-request-id": id } })).headers.get("x-request-id") ?? "";
    assert.match(given, /^[0-9a-f-]{36}$/);
  });
}

for (const host of [
  "localhost",
  "LOCALHOST:1",
  "127.0.0.1",
  "127.8.9.1:80",
  "[::1]:8080",
  "box.example",
  "box.example:99",
]) {
  test(`Host ${host} is let in`, async () => {
    assert.equal((await askTcp(host)).status, 200);
  });
}

for (const host of [
  "evil.example",
  "127.0.0.1.evil.example",
  "localhost.evil.example",
  "box.example.evil",
  "0.0.0.0",
  "192.168.0.1",
]) {
  test(`Host ${host} is refused with 403`, async () => {
    const { status, body } = await askTcp(host);
    assert.equal(status, 403);
    assert.match(body, /"code":"host_not_allowed"/);
  });
}

const foreign = [
  { origin: "https://evil.example" },
  { origin: "null" },
  { origin: "http://localhost:1" },
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site" },
];
for (const headers of foreign) {
  test(`a request that a browser sends for another site is refused: ${JSON.stringify(headers)}`, async () => {
    const { status, body } = await askTcp("localhost", headers);
    assert.equal(status, 403);
    assert.match(body, /"code":"origin_not_allowed"/);
  });
}

for (const headers of [
  { origin: "https://app.example" },
  { origin: "http://localhost" },
  { "sec-fetch-site": "same-origin" },
  { "sec-fetch-site": "none" },
]) {
  test(`a request that a browser sends for the daemon's own or a trusted site is let in: ${JSON.stringify(headers)}`, async () => {
    assert.equal((await askTcp("localhost", headers)).status, 200);
  });
}
