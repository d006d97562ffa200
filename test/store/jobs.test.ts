import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { endingOf, newJob, openStores, requestOf } from "../harness.ts";

const usage = {
  model: "m",
  input_tokens: 1,
  output_tokens: 2,
  cache_creation_input_tokens: 3,
  cache_read_input_tokens: 4,
  total_tokens: 10,
  estimated_cost_usd: 0.5,
};

/** A store with one job that has had its turn. */
const openClaimed = (t: TestContext) => {
  const { jobs, db } = openStores(t);
  const job = newJob();
  jobs.insert(job);
  jobs.claim(1050);
  return { jobs, db, job };
};

test("a job can be read back", (t) => {
  const { jobs } = openStores(t);
  const request = requestOf({
    prompt: "two\nlines 🦊",
    labels: { a: "b" },
    priority: 7,
    claude: { output_format: "json" },
    webhook_url: "https://example.com/hook",
  });
  const { request: _, ...job } = newJob();
  jobs.insert({ ...job, request });
  assert.deepEqual(jobs.find(job.id), {
    ...job,
    seq: 1,
    state: "pending",
    handleHash: "",
    brokerPort: null,
    priority: 7,
    title: "two lines 🦊",
    pullMs: null,
    serviceSecrets: [],
    labels: { a: "b" },
    outputFormat: "json",
    webhookUrl: "https://example.com/hook",
    stopReason: null,
    updatedAt: job.createdAt,
    claimedAt: null,
    startedAt: null,
    ending: null,
  });
});

test("what a job was asked for can be read back", (t) => {
  const { jobs } = openStores(t);
  const request = requestOf({ prompt: "x".repeat(100_000), labels: { a: "b" } });
  const job = newJob({ request });
  jobs.insert(job);
  assert.deepEqual(jobs.request(job.id), request);
});

test("a title is the beginning of the prompt, in one line", (t) => {
  const { jobs } = openStores(t);
  const job = newJob({ request: requestOf({ prompt: `  a\n\n b\t${"c".repeat(200)}` }) });
  jobs.insert(job);
  assert.equal(jobs.find(job.id)?.title, `a b ${"c".repeat(74)}`);
});

test("there is no job under another id", (t) => {
  const { jobs } = openStores(t);
  assert.deepEqual([jobs.find("run-0"), jobs.progress("run-0"), jobs.withContainer("x")], [
    undefined,
    undefined,
    undefined,
  ]); // prettier-ignore
});

test("a job is found by its container", (t) => {
  const { jobs, job } = openClaimed(t);
  assert.equal(jobs.withContainer(job.container)?.id, job.id);
});

test("a job tells how far it has come", (t) => {
  const { jobs, job } = openClaimed(t);
  jobs.started(job.id, 1100);
  jobs.stopping(job.id, "cancelled", 1200);
  const { state, stopReason, createdAt, claimedAt, startedAt } = jobs.progress(job.id) ?? {};
  assert.deepEqual([state, createdAt, claimedAt, startedAt], ["running", 1000, 1050, 1100]);
  assert.equal(stopReason ?? "cancelled", "cancelled");
});

test("what the broker knows a job by is kept", (t) => {
  const { jobs, job } = openClaimed(t);
  jobs.opened(job.id, { hash: "ab", port: 4321 });
  const { handleHash, brokerPort } = jobs.find(job.id) ?? {};
  assert.deepEqual([handleHash, brokerPort], ["ab", 4321]);
});

test("a job starts once", (t) => {
  const { jobs, job } = openClaimed(t);
  assert.deepEqual([jobs.started(job.id, 1), jobs.started(job.id, 3)], [true, false]);
  assert.equal(jobs.find(job.id)?.startedAt, 1);
});

test("a job that waits for its turn does not start", (t) => {
  const { jobs } = openStores(t);
  const job = newJob();
  jobs.insert(job);
  assert.deepEqual([jobs.started(job.id, 1), jobs.find(job.id)?.state], [false, "pending"]);
});

test("a job ends once, and its first ending stays", (t) => {
  const { jobs, job } = openClaimed(t);
  jobs.started(job.id, 1);
  const first = endingOf({
    outcome: "max_turns",
    exitCode: 1,
    error: "too many",
    usage,
    result: { start: 10, end: 20 },
    partialOutput: "words",
    bytes: 4096,
  });
  assert.deepEqual([jobs.ended(job.id, first), jobs.ended(job.id, endingOf())], [true, false]);
  assert.deepEqual(jobs.find(job.id)?.ending, first);
});

for (const moves of [0, 1] as const) {
  test(`a job may end ${moves === 0 ? "before its turn" : "without having started"}, and starts no more`, (t) => {
    const { jobs } = openStores(t);
    const job = newJob();
    jobs.insert(job);
    if (moves === 1) jobs.claim(1);
    assert.deepEqual(
      [jobs.ended(job.id, endingOf()), jobs.claim(1), jobs.started(job.id, 1)],
      [true, undefined, false],
    );
    assert.equal(jobs.find(job.id)?.state, "ended");
  });
}

test("the first reason to stop a job is the one that counts", (t) => {
  const { jobs, job } = openClaimed(t);
  assert.deepEqual([jobs.stopping(job.id, "cancelled", 5), jobs.stopping(job.id, "timed_out", 5)], [true, false]);
  assert.equal(jobs.find(job.id)?.stopReason, "cancelled");
});

test("a job that has ended cannot be stopped", (t) => {
  const { jobs, job } = openClaimed(t);
  jobs.ended(job.id, endingOf());
  assert.deepEqual([jobs.stopping(job.id, "cancelled", 5), jobs.find(job.id)?.stopReason], [false, null]);
});

test("no move touches a job that is not there", (t) => {
  const { jobs } = openStores(t);
  assert.deepEqual(
    [jobs.started("x", 1), jobs.stopping("x", "cancelled", 5), jobs.ended("x", endingOf())],
    [false, false, false],
  );
});

test("a move touches no other job", (t) => {
  const { jobs, job } = openClaimed(t);
  const other = newJob();
  jobs.insert(other);
  jobs.started(job.id, 1);
  jobs.stopping(job.id, "cancelled", 2);
  jobs.ended(job.id, endingOf());
  const { state, stopReason } = jobs.find(other.id) ?? {};
  assert.deepEqual([state, stopReason], ["pending", null]);
});

test("the jobs that have not ended are listed as they came, whatever the clock said", (t) => {
  const { jobs } = openStores(t);
  const [first, second, ended] = [newJob({ createdAt: 2 }), newJob({ createdAt: 1 }), newJob({ createdAt: 0 })];
  [first, second, ended].forEach((job) => jobs.insert(job));
  jobs.ended(ended.id, endingOf());
  assert.deepEqual(
    jobs.open().map(({ id }) => id),
    [first.id, second.id],
  );
});

test("the jobs that wait are counted", (t) => {
  const { jobs, job } = openClaimed(t);
  const [waiting, ended] = [newJob(), newJob()];
  [waiting, ended].forEach((each) => jobs.insert(each));
  jobs.ended(ended.id, endingOf());
  assert.deepEqual([jobs.pending(), jobs.find(job.id)?.state], [1, "starting"]);
});

test("the database itself refuses a job that ended without an outcome", (t) => {
  const { db } = openClaimed(t);
  assert.throws(() => db.exec("update jobs set state = 'ended'"), { code: "SQLITE_CONSTRAINT_CHECK" });
});
