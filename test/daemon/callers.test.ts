import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { scopeOf } from "../../lib/auth/scopes.ts";
import type { Scope } from "../../lib/schema/auth.ts";
import { jwtSecret } from "../auth/harness.ts";
import { openApp } from "./harness.ts";

/** The app where everybody needs a token, and what callers with tokens do there. */
const open = (t: TestContext) => {
  const app = openApp(t, { auth: { required: "always", jwt_secret: jwtSecret } });
  return {
    ...app,
    as: (name: string, scopes: Scope[] = ["read", "run"]) => {
      const { token } = app.apiTokens.create({ name, scopes });
      return { authorization: `Bearer ${token}` };
    },
  };
};

const job = { prompt: "hi" };
type Body = Record<string, unknown>;

for (const [method, path] of [
  ["GET", ""],
  ["DELETE", ""],
  ["GET", "/events"],
  ["GET", "/logs"],
] as const) {
  test(`another caller's job is not there: ${method} /jobs/{id}${path}`, async (t) => {
    const { as, json, start } = open(t);
    const [mine, theirs] = [as("a"), as("b")];
    const id = await start(job, mine);
    const { status, body } = await json(`/jobs/${id}${path}`, { method, headers: theirs });
    const missing = await json(`/jobs/job-0000000000000000${path}`, { method, headers: theirs });
    assert.deepEqual([status, body["code"], body["error"]], [404, "job_not_found", `there is no job ${id}`]);
    assert.deepEqual([missing.status, missing.body["code"]], [404, "job_not_found"]);
  });
}

test("a list has one's own jobs, and an admin's everybody's", async (t) => {
  const { as, json, start } = open(t);
  const [a, b, admin] = [as("a"), as("b"), as("root", ["admin"])];
  const [one, two] = [await start(job, a), await start(job, b)];
  const idsFor = async (headers: Record<string, string>) =>
    ((await json("/jobs", { headers })).body["jobs"] as Body[]).map(({ id }) => id); // the answer of the list
  assert.deepEqual([await idsFor(a), await idsFor(b), await idsFor(admin)], [[one], [two], [two, one]]);
});

test("an admin may look at anybody's job", async (t) => {
  const { as, json, start } = open(t);
  const id = await start(job, as("a"));
  assert.equal((await json(`/jobs/${id}`, { headers: as("root", ["admin"]) })).status, 200);
});

test("another caller's session is not there", async (t) => {
  const { as, post, run } = open(t);
  const [a, b] = [as("a"), as("b")];
  const { session_id } = (await run(job, a)).body;
  const resumed = await post("/run", { ...job, claude: { session_id, resume: true } }, b);
  assert.deepEqual([resumed.status, resumed.body["code"]], [404, "session_not_found"]);
  assert.equal((await post("/run", { ...job, claude: { session_id, resume: true } }, a)).status, 200);
});

test("continue goes on with one's own last session", async (t) => {
  const { as, run } = open(t);
  const [a, b] = [as("a"), as("b")];
  const mine = (await run(job, a)).body["session_id"];
  const theirs = (await run(job, b)).body["session_id"];
  const request = { ...job, claude: { continue: true } };
  assert.deepEqual([(await run(request, a)).body["session_id"], mine !== theirs], [mine, true]);
});

test("an idempotency key is its caller's own", async (t) => {
  const { as, post } = open(t);
  const submit = async (headers: Record<string, string>) =>
    (await post("/run/async", job, { ...headers, "idempotency-key": "k" })).body["job_id"];
  const [a, b] = [as("a"), as("b")];
  const [one, two, again] = [await submit(a), await submit(b), await submit(a)];
  assert.notEqual(one, two);
  assert.equal(again, one);
});

test("another caller's webhooks are not there", async (t) => {
  const { as, json, start, deliveries } = open(t);
  const [a, b] = [as("a"), as("b")];
  const id = await start(job, a);
  deliveries.insert({ id: "d", jobId: id, url: "https://x.example/", createdAt: 1, giveUpAt: 2 });
  const seen = async (headers: Record<string, string>) =>
    ((await json("/webhooks/deliveries", { headers })).body["deliveries"] as Body[]).length;
  assert.deepEqual([await seen(a), await seen(b)], [1, 0]);
});

for (const headers of [{}, { authorization: "Bearer nonsense" }, { authorization: "Basic YTpi" }]) {
  test(`without a good token nothing is answered but health: ${JSON.stringify(headers)}`, async (t) => {
    const { json } = open(t);
    for (const path of ["/jobs", "/run/stream?prompt=x", "/tokens", "/nowhere", "/secrets", "/claude/status"]) {
      const answer = await json(path, { headers });
      assert.deepEqual([path, answer.status, answer.body["code"]], [path, 401, "unauthorized"]);
      assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    }
    assert.equal((await json("/healthz", { headers })).status, 200);
  });
}

const needs: [Scope, string, string][] = [
  ["read", "GET", "/jobs"],
  ["read", "GET", "/webhooks/deliveries"],
  ["run", "POST", "/run"],
  ["run", "POST", "/run/async"],
  ["run", "GET", "/run/stream?prompt=x"],
  ["run", "DELETE", "/jobs/job-1"],
  ["read", "GET", "/sessions"],
  ["run", "DELETE", "/sessions/x"],
  ["admin", "POST", "/prune"],
  ["admin", "POST", "/tokens"],
  ["admin", "GET", "/tokens"],
  ["admin", "DELETE", "/tokens/x"],
];
for (const [scope, method, path] of needs) {
  test(`${method} ${path} needs the scope ${scope}`, async (t) => {
    const { as, json } = open(t);
    const others = (["read", "run", "secrets", "images"] as const).filter((other) => other !== scope);
    const { status, body } = await json(path, { method, headers: as("a", [...others]) });
    assert.deepEqual([status, body["code"]], [403, "forbidden"]);
    assert.match(String(body["error"]), new RegExp(scope));
  });
}

test("every route of the document says who may use it", async (t) => {
  const { body } = await openApp(t).json("/openapi.json");
  const paths = body["paths"] as Record<string, object>; // OpenAPI's
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, "x")] as const),
  );
  assert.deepEqual(
    routes.filter(([method, path]) => scopeOf(method, path) === "unknown"),
    [],
  );
});

test("who is no admin is not told what routes there are", async (t) => {
  const { as, json } = open(t);
  assert.equal((await json("/nowhere", { headers: as("a") })).status, 404);
});

test("tokens are made, listed without themselves, and revoked", async (t) => {
  const { as, json, post } = open(t);
  const admin = as("root", ["admin"]);
  const made = await post("/tokens", { name: "ci", scopes: ["run"], secrets: ["ci-*"], expires_in: "1h" }, admin);
  assert.equal(made.status, 201);
  const { tokens } = (await json("/tokens", { headers: admin })).body as { tokens: Body[] }; // the answer of the list
  const { token, ...known } = made.body;
  assert.deepEqual(
    tokens.find(({ name }) => name === "ci"),
    known,
  );
  const bearer = { authorization: `Bearer ${String(token)}` };
  assert.equal((await post("/run", job, bearer)).status, 200);
  const revoked = await json("/tokens/ci", { method: "DELETE", headers: admin });
  assert.deepEqual([revoked.status, revoked.body], [200, { success: true, name: "ci" }]);
  assert.equal((await post("/run", job, bearer)).status, 401);
});

for (const [what, body] of [
  ["no name", { scopes: ["run"] }],
  ["a name that begins with a dash", { name: "-x", scopes: ["run"] }],
  ["the local user's name", { name: "local", scopes: ["run"] }],
  ["no scope", { name: "x", scopes: [] }],
  ["a scope that there is not", { name: "x", scopes: ["write"] }],
  ["a time that is none", { name: "x", scopes: ["run"], expires_in: "tomorrow" }],
  ["a field that there is not", { name: "x", scopes: ["run"], scope: "run" }],
] as const) {
  test(`a token with ${what} is 400`, async (t) => {
    const { as, post } = open(t);
    const { status, body: answer } = await post("/tokens", body, as("root", ["admin"]));
    assert.deepEqual([status, answer["code"]], [400, "invalid_request"]);
  });
}

test("an access token is got, used, refreshed and ended over HTTP", async (t) => {
  const { as, json, post } = open(t);
  const got = await post("/auth/token", { client_id: "laptop" }, as("a"));
  assert.equal(got.status, 200);
  const bearer = { authorization: `Bearer ${String(got.body["access_token"])}` };
  const valid = await json("/auth/validate", { headers: bearer });
  assert.deepEqual([valid.status, valid.body["valid"], valid.body["subject"]], [200, true, "laptop"]);
  const next = await post("/auth/refresh", { refresh_token: got.body["refresh_token"] });
  assert.equal(next.status, 200);
  const out = await json("/auth/logout", { method: "POST", headers: bearer });
  assert.deepEqual([out.status, out.body["success"]], [200, true]);
  assert.equal((await json("/auth/validate", { headers: bearer })).status, 401);
  assert.equal((await post("/auth/refresh", { refresh_token: next.body["refresh_token"] })).status, 401);
});

test("without a JWT secret a login is 503, and says what is missing", async (t) => {
  const { status, body } = await openApp(t).post("/auth/token", { client_id: "laptop" });
  assert.deepEqual([status, body["code"]], [503, "auth_not_configured"]);
});
