import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Stats } from "../../lib/schema/stats.ts";
import { openApp } from "./harness.ts";

const open = (t: TestContext) => {
  const app = openApp(t, { auth: { required: "always" }, jobs: { max_running: 1 }, ends: false });
  const bearer = (name: string, scopes: ("run" | "read" | "admin")[]) => ({
    authorization: `Bearer ${app.apiTokens.create({ name, scopes }).token}`,
  });
  const begin = async (headers: Record<string, string>): Promise<string> => {
    const { body } = await app.post("/run/async", { prompt: "hi there" }, headers);
    return String(body["job_id"]);
  };
  const stats = async (headers: Record<string, string>) => Stats.parse((await app.json("/stats", { headers })).body);
  return { ...app, bearer, begin, stats };
};

test("GET /stats has the jobs at work with their tokens so far, and how many wait", async (t) => {
  const { begin, bearer, stats, deps } = open(t);
  const ci = bearer("ci", ["run", "read"]);
  const id = await begin(ci);
  await begin(ci);
  deps.requests.insert({
    jobId: id,
    startedAt: 1,
    path: "/v1/messages",
    model: "opus",
    status: 200,
    inputTokens: 1,
    outputTokens: 20,
    cacheCreationInputTokens: 300,
    cacheReadInputTokens: 4000,
    firstByteMs: 1,
    durationMs: 2,
  });
  const { jobs, pending } = await stats(ci);
  assert.equal(pending, 1);
  assert.deepEqual(
    jobs.map((job) => [job.id, job.title, job.caller, job.model, job.output_tokens, job.total_tokens]),
    [[id, "hi there", "ci", "opus", 20, 4321]],
  );
});

test("GET /stats has nothing of others' jobs, but for an admin", async (t) => {
  const { begin, bearer, stats } = open(t);
  const id = await begin(bearer("ci", ["run"]));
  assert.deepEqual((await stats(bearer("bot", ["read"]))).jobs, []);
  assert.deepEqual(
    (await stats(bearer("root", ["admin"]))).jobs.map((job) => job.id),
    [id],
  );
});

test("GET /stats needs the scope read", async (t) => {
  const { json, bearer } = open(t);
  const { status } = await json("/stats", { headers: bearer("ci", ["run"]) });
  assert.equal(status, 403);
});
