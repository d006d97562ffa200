import assert from "node:assert/strict";
import { test } from "node:test";
import { JobList, JobResponse } from "../../lib/schema/job.ts";
import { until } from "../e2e/wait.ts";
import { openApp } from "./harness.ts";

const idsOf = (body: unknown): string[] => JobList.parse(body).jobs.map(({ id }) => id);

test("without jobs the list is an empty one", async (t) => {
  assert.deepEqual((await openApp(t).json("/jobs")).body, { jobs: [] });
});

test("jobs are listed newest first, runs among them", async (t) => {
  const { json, start, run } = openApp(t);
  const first = await start();
  const second = String((await run({ prompt: "hi" })).body["id"]);
  const { status, body } = await json("/jobs");
  assert.deepEqual([status, idsOf(body)], [200, [second, first]]);
});

test("a list goes from page to page by its cursor", async (t) => {
  const { json, start } = openApp(t, { ends: false, jobs: { max_running: 1 } });
  const ids = [await start(), await start(), await start()];
  const first = await json("/jobs?limit=2");
  const second = await json(`/jobs?limit=2&cursor=${String(first.body["next_cursor"])}`);
  assert.deepEqual([...idsOf(first.body), ...idsOf(second.body)], ids.toReversed());
  assert.deepEqual([typeof first.body["next_cursor"], "next_cursor" in second.body], ["string", false]);
});

test("a list can be asked for by status, session, label and the beginning of an id", async (t) => {
  const { json, start, jobs } = openApp(t, { ends: false, jobs: { max_running: 1 } });
  const running = await start({ labels: { team: "a" } });
  const pending = await start({ labels: { team: "b" } });
  const sessionId = jobs.find(pending)?.sessionId ?? "";
  const ids = async (query: string) => idsOf((await json(`/jobs?${query}`)).body);
  assert.deepEqual(
    [
      await ids("status=pending"),
      await ids("status=running"),
      await ids(`session_id=${sessionId}`),
      await ids("label=team%3Da"),
      await ids("label=team"),
      await ids(`id=${pending.slice(4, 12)}`),
    ],
    [[pending], [running], [pending], [running], [pending, running], [pending]],
  );
});

for (const query of [
  "status=ended",
  "limit=0",
  "limit=501",
  "limit=x",
  "cursor=x",
  "id=xyz",
  "label=%20",
  "state=pending",
  "status=",
] as const) {
  // prettier-ignore
  test(`GET /jobs?${query} is 400`, async (t) => {
    const { status, body } = await openApp(t).json(`/jobs?${query}`);
    assert.deepEqual([status, body["code"], body["id"], body["status"]], [400, "invalid_request", "", "error"]);
  });
}

test("a job is shown as it stands", async (t) => {
  const { json, start, jobs, fake, runner } = openApp(t, { ends: false });
  const id = await start({ prompt: "do it", priority: 3, labels: { a: "b" } });
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  const before = JobResponse.parse((await json(`/jobs/${id}`)).body);
  fake.exit(id, 0);
  await runner.ended(id);
  const after = JobResponse.parse((await json(`/jobs/${id}`)).body);
  assert.deepEqual([before.status, before.output, before.title, before.priority], ["running", "", "do it", 3]);
  assert.deepEqual([after.status, after.outcome, after.output, after.labels], ["completed", "succeeded", "done", { a: "b" }]); // prettier-ignore
});

for (const [method, path] of [
  ["GET", "/jobs/job-0"],
  ["DELETE", "/jobs/job-0"],
  ["GET", "/jobs/job-0/events"],
  ["GET", "/jobs/job-0/logs"],
  ["GET", "/jobs/..%2f..%2fetc/logs"],
  ["GET", "/jobs/%00/logs"],
] as const) {
  test(`${method} ${path} of a job that is not there is 404`, async (t) => {
    const { status, body } = await openApp(t).json(path, { method });
    assert.deepEqual([status, body["code"], body["id"], body["status"]], [404, "job_not_found", "", "error"]);
  });
}

test("a job that runs is cancelled, and has ended when that is answered", async (t) => {
  const { json, start, jobs } = openApp(t, { ends: false, output: "" });
  const id = await start();
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  const { status, body } = await json(`/jobs/${id}`, { method: "DELETE" });
  assert.deepEqual([status, body], [200, { cancelled: true, job_id: id }]);
  assert.equal(jobs.find(id)?.ending?.outcome, "cancelled");
});

test("a job that waits is cancelled, and never starts", async (t) => {
  const { json, start, jobs, fake } = openApp(t, { ends: false, jobs: { max_running: 1 } });
  const [first, second] = [await start(), await start()];
  const { status } = await json(`/jobs/${second}`, { method: "DELETE" });
  assert.deepEqual([status, jobs.find(second)?.ending?.outcome], [200, "cancelled"]);
  fake.exit(first, 0);
  await until("the end", () => jobs.find(first)?.state === "ended");
  assert.equal(fake.started.length, 1);
});

test("a job that has ended is 409 job_ended", async (t) => {
  const { json, start, runner } = openApp(t);
  const id = await start();
  await runner.ended(id);
  const { status, body } = await json(`/jobs/${id}`, { method: "DELETE" });
  assert.deepEqual([status, body["code"]], [409, "job_ended"]);
});

test("a run can be cancelled too, and its caller is told", async (t) => {
  const { json, run, jobs } = openApp(t, { ends: false, output: "" });
  const answer = run({ prompt: "hi" });
  const { id } = await until("a job that runs", () => jobs.open().find(({ state }) => state === "running"));
  const { status } = await json(`/jobs/${id}`, { method: "DELETE" });
  assert.deepEqual([status, (await answer).status, (await answer).body["status"]], [200, 200, "cancelled"]);
});

test("a cancel that cannot be written down stops the container all the same, and is answered when it can", async (t) => {
  const { json, start, jobs, db, fake } = openApp(t, { ends: false });
  const id = await start();
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  db.pragma("query_only = on");
  const answer = json(`/jobs/${id}`, { method: "DELETE" });
  await until("the stop", () => fake.asked.includes(`stop stromboli-${id}`));
  db.pragma("query_only = off");
  assert.deepEqual([(await answer).status, jobs.find(id)?.ending?.outcome], [200, "cancelled"]);
});

test("a cancel of a job that waits is 503 when it cannot be written down, and works when it can", async (t) => {
  const { json, start, jobs, db, fake } = openApp(t, { ends: false, jobs: { max_running: 1 } });
  const [first, id] = [await start(), await start()];
  db.pragma("query_only = on");
  const { status, body } = await json(`/jobs/${id}`, { method: "DELETE" });
  db.pragma("query_only = off");
  assert.deepEqual([status, body["code"], jobs.find(id)?.state], [503, "storage_failed", "pending"]);
  assert.equal((await json(`/jobs/${id}`, { method: "DELETE" })).status, 200);
  fake.exit(first, 0);
});
