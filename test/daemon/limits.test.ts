import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { openApp } from "./harness.ts";

type Limits = { requests?: string; runs?: string; auth?: string };
type More = { trusted_proxies?: string[]; secret?: string };
const secret = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const wrong = { authorization: "Bearer no" };

/** The app where everybody needs a token, and counts. */
const open = (t: TestContext, limits: Limits, { secret: jwt_secret = "", ...server }: More = {}) => {
  const app = openApp(t, { auth: { required: "always", jwt_secret }, rate_limits: limits, server });
  const as = (name: string) => ({
    authorization: `Bearer ${app.apiTokens.create({ name, scopes: ["read", "run"] }).token}`,
  });
  const statuses = async (count: number, path: string, headers: Record<string, string>) =>
    (await Promise.all(Array.from({ length: count }, () => app.call(path, { headers })))).map(({ status }) => status);
  return { ...app, as, statuses };
};
const from = (hops: string) => ({ "x-forwarded-for": hops });
const limitsOf = (headers: Headers) =>
  ["limit", "remaining", "reset"].map((name) => headers.get(`x-ratelimit-${name}`));

test("more requests than the limit are refused with what to do", async (t) => {
  const { json, as } = open(t, { requests: "2/h" });
  const headers = as("ci");
  for (const remaining of ["1", "0"]) {
    const { status, headers: told } = await json("/jobs", { headers });
    assert.deepEqual([status, limitsOf(told).slice(0, 2)], [200, ["2", remaining]]);
  }
  const refused = await json("/jobs", { headers });
  assert.equal(refused.status, 429);
  assert.match(String(refused.body["error"]), /^too many requests: the limit is 2\/h; try again in (1800|1799) s$/);
  assert.equal(refused.body["code"], "rate_limited");
  assert.match(refused.headers.get("retry-after") ?? "", /^(1800|1799)$/);
  const [limit, remaining, reset] = limitsOf(refused.headers);
  assert.deepEqual([limit, remaining], ["2", "0"]);
  assert.ok(Math.abs(Number(reset) - (Date.now() / 1000 + 3600)) < 5, `${reset}`);
});

test("what is refused does nothing", async (t) => {
  const { json, post, as, submitted } = open(t, { runs: "1/h" });
  const headers = as("ci");
  assert.equal((await post("/run/async", { prompt: "hi" }, headers)).status, 202);
  for (const path of ["/run", "/run/async", "/run/stream"])
    assert.equal((await post(path, { prompt: "hi" }, headers)).status, 429);
  assert.equal((await json("/run/stream?prompt=hi", { headers })).status, 429);
  assert.equal(submitted.length, 1);
});

test("a limit on runs counts no other requests, and no dry runs", async (t) => {
  const { post, statuses, as } = open(t, { runs: "1/h" });
  const headers = as("ci");
  assert.deepEqual(await statuses(3, "/jobs", headers), [200, 200, 200]);
  for (const _ of [1, 2]) assert.equal((await post("/run?dry_run=true", { prompt: "hi" }, headers)).status, 200);
  assert.equal((await post("/run/async", { prompt: "hi" }, headers)).status, 202);
});

test("who is refused by one of two limits is told of that one", async (t) => {
  const { post, as } = open(t, { requests: "100/h", runs: "1/h" });
  const headers = as("ci");
  await post("/run/async", { prompt: "hi" }, headers);
  const refused = await post("/run/async", { prompt: "hi" }, headers);
  assert.deepEqual([refused.status, ...limitsOf(refused.headers).slice(0, 2)], [429, "1", "0"]);
});

test("every token is counted by itself", async (t) => {
  const { statuses, as } = open(t, { requests: "1/h" });
  const [a, b] = [as("a"), as("b")];
  assert.deepEqual(await statuses(2, "/jobs", a), [200, 429]);
  assert.deepEqual(await statuses(2, "/jobs", b), [200, 429]);
});

test("wrong tokens are counted by address, and one that was good from there is not refused for them", async (t) => {
  const { json, post, statuses, as } = open(t, { auth: "2/h" }, { secret });
  const good = as("ci");
  assert.deepEqual(await statuses(1, "/jobs", good), [200]);
  assert.deepEqual(await statuses(4, "/jobs", wrong), [401, 401, 429, 429]);
  assert.equal((await json("/jobs")).body["code"], "rate_limited");
  assert.deepEqual(await statuses(3, "/jobs", good), [200, 200, 200]);
  assert.equal((await post("/auth/token", { client_id: "a" }, good)).status, 200);
});

test("who can be wrong no more is not told of a token whether it is good", async (t) => {
  const { json, statuses, as } = open(t, { auth: "1/h" });
  assert.deepEqual(await statuses(2, "/jobs", wrong), [401, 429]);
  const answers = [await json("/jobs", { headers: as("ci") }), await json("/jobs", { headers: wrong })];
  assert.deepEqual(answers[0]?.body["error"], answers[1]?.body["error"]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [429, 429],
  );
});

test("guesses at the same time cost as much as one after the other", async (t) => {
  const { call } = open(t, { auth: "2/h" }, { secret });
  const guess = (_: unknown, index: number) => call("/jobs", { headers: { authorization: `Bearer no${index}` } });
  const answers = await Promise.all(Array.from({ length: 5 }, guess));
  assert.equal(answers.filter(({ status }) => status === 401).length, 2);
});

test("logins with good tokens take nothing, however many come at once", async (t) => {
  const { call, as } = open(t, { auth: "1/h" }, { secret });
  const login = { method: "POST", headers: as("ci"), body: '{"client_id":"a"}' };
  const answers = await Promise.all([1, 2, 3, 4].map(() => call("/auth/token", login)));
  assert.deepEqual(
    answers.map(({ status, headers }) => [status, headers.get("x-ratelimit-limit")]),
    Array.from({ length: 4 }, () => [200, null]),
  );
});

test("what a login has given out is good while others from there are refused", async (t) => {
  const { post, statuses, as } = open(t, { auth: "1/h" }, { secret });
  const { body } = await post("/auth/token", { client_id: "a" }, as("ci"));
  assert.deepEqual(await statuses(2, "/jobs", wrong), [401, 429]);
  assert.deepEqual(await statuses(1, "/jobs", { authorization: `Bearer ${String(body["access_token"])}` }), [200]);
  const next = await post("/auth/refresh", { refresh_token: body["refresh_token"] });
  const { status } = await post("/auth/refresh", { refresh_token: next.body["refresh_token"] });
  assert.deepEqual([next.status, status], [200, 200]);
});

test("logins that fail are counted, whatever was wrong with them", async (t) => {
  const { post, as } = open(t, { auth: "2/h" }, { secret });
  const refresh = async () => (await post("/auth/refresh", { refresh_token: "x".repeat(40) })).status;
  assert.equal((await post("/auth/token", {}, as("ci"))).status, 400);
  assert.deepEqual([await refresh(), await refresh()], [401, 429]);
});

test("logins are limited unless one says otherwise", async (t) => {
  const { statuses } = open(t, {});
  const answers = await statuses(25, "/jobs", {});
  assert.deepEqual([answers.indexOf(429), answers.filter((status) => status === 429).length], [20, 5]);
});

test("behind a trusted proxy every client is counted by itself", async (t) => {
  const { statuses } = open(t, { auth: "1/h" }, { trusted_proxies: ["127.0.0.1"] });
  assert.deepEqual(await statuses(2, "/jobs", from("6.6.6.6, 198.51.100.1")), [401, 429]);
  assert.deepEqual(await statuses(2, "/jobs", from("6.6.6.6, 198.51.100.2")), [401, 429]);
});

test("what a client claims of where it comes from does not help it", async (t) => {
  const { statuses } = open(t, { auth: "1/h" });
  const [first] = await statuses(1, "/jobs", from("198.51.100.1"));
  const [second] = await statuses(1, "/jobs", from("198.51.100.2"));
  assert.deepEqual([first, second], [401, 429]);
});

test("probes are answered however busy their address is", async (t) => {
  const { statuses, json } = open(t, { requests: "1/h" });
  assert.deepEqual(await statuses(2, "/openapi.json", {}), [200, 429]);
  assert.equal((await json("/healthz")).status, 200);
});

test("nothing is counted on the unix socket", async (t) => {
  const { app } = open(t, { requests: "1/h", runs: "1/h", auth: "1/h" });
  for (const _ of [1, 2, 3]) {
    const answer = await app.request("http://localhost/jobs", { headers: { host: "localhost" } }, { via: "unix", peer: "" }); // prettier-ignore
    assert.deepEqual([answer.status, limitsOf(answer.headers)], [200, [null, null, null]]);
  }
});

test("where no limit is set no header tells of one", async (t) => {
  const { json, as } = open(t, {});
  assert.deepEqual(limitsOf((await json("/jobs", { headers: as("ci") })).headers), [null, null, null]);
});

test("streams tell of the limit as well", async (t) => {
  const { call, start, as } = open(t, { requests: "9/h" });
  const headers = as("ci");
  const id = await start({}, headers);
  assert.equal((await call(`/jobs/${id}/events`, { headers })).headers.get("x-ratelimit-limit"), "9");
});

test("who asks too often does not fill the record, which tells from where it was", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() }); // a slow machine would let one more be kept
  const { call, json, as, apiTokens } = open(t, { requests: "1/h" }, { trusted_proxies: ["127.0.0.1"] });
  const asked = { headers: { ...as("ci"), "x-forwarded-for": "198.51.100.1" } };
  for (const _ of Array(100).keys()) await call("/jobs", asked);
  const admin = { authorization: `Bearer ${apiTokens.create({ name: "root", scopes: ["admin"] }).token}` };
  const entries = (await json("/audit?limit=500", { headers: admin })).body["entries"] as Record<string, string>[];
  const { caller, source, code } = entries[0] ?? {};
  assert.deepEqual([entries.length, caller, source, code], [60, "ci", "198.51.100.1", "rate_limited"]);
});

test("a caller with as many waiting jobs as one may have is refused, and others are not", async (t) => {
  const app = openApp(t, {
    ends: false,
    auth: { required: "always" },
    jobs: { max_running_per_caller: 1, max_queued_per_caller: 1 },
  });
  const as = (name: string) => ({
    authorization: `Bearer ${app.apiTokens.create({ name, scopes: ["read", "run"] }).token}`,
  });
  const [a, b] = [as("a"), as("b")];
  const submit = async (headers: Record<string, string>) => app.post("/run/async", { prompt: "hi" }, headers);
  assert.deepEqual([(await submit(a)).status, (await submit(a)).status], [202, 202]);
  const refused = await submit(a);
  assert.deepEqual([refused.status, refused.body["code"], refused.headers.get("retry-after")], [429, "too_many_jobs", "10"]); // prettier-ignore
  assert.equal((await submit(b)).status, 202);
});
