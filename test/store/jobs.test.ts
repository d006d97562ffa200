import assert from "node:assert/strict";
import { test } from "node:test";
import { endingOf, newJob, openStores } from "../harness.ts";

const usage = {
  model: "m",
  input_tokens: 1,
  output_tokens: 2,
  cache_creation_input_tokens: 3,
  cache_read_input_tokens: 4,
  total_tokens: 10,
  estimated_cost_usd: 0.5,
};

test("a job can be read back", (t) => {
  const { jobs } = openStores(t);
  const job = newJob({ request: { prompt: "two\nlines 🦊", labels: { a: "b" } } });
  jobs.insert(job);
  assert.deepEqual(jobs.find(job.id), {
    ...job,
    state: "starting",
    stopReason: null,
    startedAt: null,
    ending: null,
  });
});

test("there is no job under another id", (t) => {
  assert.equal(openStores(t).jobs.find("run-0"), undefined);
});

test("a session takes one job at a time", (t) => {
  const { jobs } = openStores(t);
  const job = newJob();
  jobs.insert(job);
  assert.throws(() => jobs.insert(newJob({ sessionId: job.sessionId })), { code: "SQLITE_CONSTRAINT_UNIQUE" });
});

test("a session takes the next job when the last one has ended", (t) => {
  const { jobs } = openStores(t);
  const job = newJob();
  jobs.insert(job);
  jobs.ended(job.id, endingOf());
  jobs.insert(newJob({ sessionId: job.sessionId }));
  assert.ok(jobs.uses(job.sessionId));
});

test("a session is in use from its job's start to its end", (t) => {
  const { jobs } = openStores(t);
  const { id, sessionId, ...job } = newJob();
  const uses = [jobs.uses(sessionId)];
  jobs.insert({ id, sessionId, ...job });
  uses.push(jobs.uses(sessionId));
  jobs.started(id, 1);
  uses.push(jobs.uses(sessionId));
  jobs.ended(id, endingOf());
  uses.push(jobs.uses(sessionId));
  assert.deepEqual(uses, [false, true, true, false]);
});

test("a job that has started says since when", (t) => {
  const { jobs } = openStores(t);
  const job = newJob();
  jobs.insert(job);
  jobs.started(job.id, 1100);
  const { state, startedAt, timeoutMs } = jobs.find(job.id) ?? {};
  assert.deepEqual([state, startedAt, timeoutMs], ["running", 1100, 60_000]);
});

test("a job starts once", (t) => {
  const { jobs } = openStores(t);
  const job = newJob();
  jobs.insert(job);
  assert.deepEqual([jobs.started(job.id, 1), jobs.started(job.id, 3)], [true, false]);
  assert.equal(jobs.find(job.id)?.startedAt, 1);
});

test("a job ends once, and its first ending stays", (t) => {
  const { jobs } = openStores(t);
  const job = newJob();
  jobs.insert(job);
  jobs.started(job.id, 1);
  const first = endingOf({ outcome: "max_turns", exitCode: 1, error: "too many", usage });
  assert.deepEqual([jobs.ended(job.id, first), jobs.ended(job.id, endingOf())], [true, false]);
  assert.deepEqual(jobs.find(job.id)?.ending, first);
});

test("a job may end without having started, and starts no more", (t) => {
  const { jobs } = openStores(t);
  const job = newJob();
  jobs.insert(job);
  assert.deepEqual([jobs.ended(job.id, endingOf()), jobs.started(job.id, 1)], [true, false]);
  assert.equal(jobs.find(job.id)?.state, "ended");
});

test("the first reason to stop a job is the one that counts", (t) => {
  const { jobs } = openStores(t);
  const job = newJob();
  jobs.insert(job);
  assert.deepEqual([jobs.stopping(job.id, "cancelled", 5), jobs.stopping(job.id, "timed_out", 5)], [true, false]);
  assert.equal(jobs.find(job.id)?.stopReason, "cancelled");
});

test("a job that has ended cannot be stopped", (t) => {
  const { jobs } = openStores(t);
  const job = newJob();
  jobs.insert(job);
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
  const { jobs } = openStores(t);
  const [one, two] = [newJob(), newJob()];
  [one, two].forEach((job) => jobs.insert(job));
  jobs.started(one.id, 1);
  jobs.stopping(one.id, "cancelled", 2);
  jobs.ended(one.id, endingOf());
  const { state, stopReason } = jobs.find(two.id) ?? {};
  assert.deepEqual([state, stopReason], ["starting", null]);
});

test("the jobs that have not ended are listed as they came, whatever the clock said", (t) => {
  const { jobs } = openStores(t);
  const [first, second, ended] = [newJob({ createdAt: 2 }), newJob({ createdAt: 1 }), newJob({ createdAt: 0 })];
  [first, second, ended].forEach((job) => jobs.insert(job));
  jobs.started(second.id, 1);
  jobs.ended(ended.id, endingOf());
  assert.deepEqual(
    jobs.open().map(({ id }) => id),
    [first.id, second.id],
  );
});

test("the database itself refuses a job that ended without an outcome", (t) => {
  const { db, jobs } = openStores(t);
  const job = newJob();
  jobs.insert(job);
  assert.throws(() => db.exec("update jobs set state = 'ended'"), { code: "SQLITE_CONSTRAINT_CHECK" });
});

test("a session is in use while a fork of it is copied, and no longer", (t) => {
  const { jobs } = openStores(t);
  const fork = newJob({ forkedFrom: "source" });
  jobs.insert(fork);
  const uses = [jobs.uses("source")];
  jobs.started(fork.id, 1);
  uses.push(jobs.uses("source"));
  assert.deepEqual(uses, [true, false]);
});
