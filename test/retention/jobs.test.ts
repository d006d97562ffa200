import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeFiles } from "../harness.ts";
import { dayMs, mebibyte, openRetention } from "./harness.ts";

test("jobs that ended longer ago than keep_days go with their folders, oldest first", async (t) => {
  const { retention, job, left } = openRetention(t, { jobs: { keep_days: 30 } });
  const [younger, stays, older] = [job(31, 20), job(29), job(40, 10)];
  const pruned = await retention.prune({});
  assert.deepEqual(pruned, { jobs: [older, younger], sessions: [], bytes: 30, dry_run: false });
  assert.deepEqual([left().jobs, left().jobFolders], [[stays], [stays]]);
});

test("keep_days 0 keeps jobs for ever", async (t) => {
  const { retention, job } = openRetention(t);
  job(30_000);
  assert.deepEqual((await retention.prune({})).jobs, []);
});

test("an age in the request stands for keep_days, whether it is less or more", async (t) => {
  const { retention, job } = openRetention(t, { jobs: { keep_days: 5 } });
  const [, older, old] = [job(0.5), job(6), job(2)];
  const longer = await retention.prune({ jobs_older_than: "7d" });
  const shorter = await retention.prune({ jobs_older_than: "1d" });
  assert.deepEqual([longer.jobs, shorter.jobs], [[], [older, old]]);
});

test("when the jobs take more than keep_size, the oldest go", async (t) => {
  const { retention, job, left } = openRetention(t, { jobs: { keep_size: "2m" } });
  const [newest, , oldest, middle] = [1, 3, 4, 2].map((daysAgo) => job(daysAgo, mebibyte));
  const { jobs, bytes } = await retention.prune({});
  assert.deepEqual([jobs.length, jobs[0], bytes], [2, oldest, 2 * mebibyte]);
  assert.deepEqual(new Set(left().jobs), new Set([newest, middle]));
});

test("a limit of size holds also for a request with an age", async (t) => {
  const { retention, job } = openRetention(t, { jobs: { keep_size: "1m" } });
  const [, old] = [job(1, mebibyte), job(2, mebibyte)];
  assert.deepEqual((await retention.prune({ jobs_older_than: "9d" })).jobs, [old]);
});

test("jobs that have not ended keep row and folder", async (t) => {
  const { retention, addOpenJob, folders, left } = openRetention(t, { jobs: { keep_size: "1m" } });
  const open = (["pending", "starting", "running"] as const).map((state) => addOpenJob({ state }));
  open.forEach((id) => mkdirSync(join(folders.jobs, id)));
  assert.deepEqual((await retention.prune({ jobs_older_than: "1ms" })).jobs, []);
  assert.deepEqual([left().jobs, left().jobFolders], [open, open.toSorted()]);
});

test("a job with a delivery that is due keeps row and folder", async (t) => {
  const { retention, job, addDelivery, left } = openRetention(t);
  const id = job(2);
  addDelivery(id, "pending");
  await retention.prune({ jobs_older_than: "1d" });
  assert.deepEqual([left().jobs, left().jobFolders], [[id], [id]]);
});

test("a job that is to be delivered again at the last moment keeps row and folder", async (t) => {
  const { retention, job, left } = openRetention(t, {
    instead: ({ store }, { addDelivery }) => ({
      store: {
        ...store,
        expiredJobs: (rule) => {
          const expired = store.expiredJobs(rule);
          expired.forEach((found) => addDelivery(found.id, "pending"));
          return expired;
        },
      },
    }),
  });
  const id = job(2);
  const { jobs } = await retention.prune({ jobs_older_than: "1d" });
  assert.deepEqual([jobs, left().jobs, left().jobFolders], [[], [id], [id]]);
});

test("a row that cannot be removed keeps its folder, is told in the log, and holds up no other", async (t) => {
  const { retention, job, left, lines } = openRetention(t, {
    instead: ({ store }) => ({
      store: {
        ...store,
        removeJob: (id) => {
          if (id === broken) throw new Error("disk full");
          return store.removeJob(id);
        },
      },
    }),
  });
  const [broken, other] = [job(3), job(2)];
  const { jobs } = await retention.prune({ jobs_older_than: "1d" });
  assert.deepEqual([jobs, left().jobs, left().jobFolders], [[other], [broken], [broken]]);
  assert.ok(lines.some((line) => line.includes(broken) && line.includes("disk full")));
});

test("a row whose folder is gone goes", async (t) => {
  const { retention, job, folders, left } = openRetention(t);
  const id = job(2);
  rmSync(join(folders.jobs, id), { recursive: true });
  assert.deepEqual((await retention.prune({ jobs_older_than: "1d" })).jobs, [id]);
  assert.deepEqual(left().jobs, []);
});

test("what a daemon took away before it was killed goes, whatever its age", async (t) => {
  const { retention, folders, left } = openRetention(t);
  writeFiles(folders.jobs, { [`.gone-${crypto.randomUUID()}/output.jsonl`]: "{}" });
  writeFiles(folders.sessions, { [`.gone-${crypto.randomUUID()}/home/file`]: "x" });
  const { bytes } = await retention.prune({});
  assert.deepEqual([left().jobFolders, left().sessionFolders, bytes], [[], [], 0]);
});

const lostId = "job-00000000000000aa";

test("a job's folder without a row counts as a job that ended when it was changed last", async (t) => {
  const { retention, folders, clock, left } = openRetention(t, { jobs: { keep_days: 30 } });
  writeFiles(folders.jobs, { [`${lostId}/output.jsonl`]: "x".repeat(5000) });
  const bytes = lstatSync(join(folders.jobs, lostId, "output.jsonl")).blocks * 512;
  clock.now += 29 * dayMs;
  const early = await retention.prune({});
  clock.now += 2 * dayMs;
  const late = await retention.prune({});
  assert.deepEqual([early.jobs, late.jobs, late.bytes, left().jobFolders], [[], [lostId], bytes, []]);
});

test("a job's folder without a row stays where jobs are kept for ever", async (t) => {
  const { retention, folders, clock, left } = openRetention(t, { jobs: { keep_size: "1m" } });
  mkdirSync(join(folders.jobs, lostId));
  clock.now += 1000 * dayMs;
  await retention.prune({});
  assert.deepEqual(left().jobFolders, [lostId]);
});

test("whatever else is among the jobs' folders stays", async (t) => {
  const { retention, folders, state, clock, left } = openRetention(t);
  const names = [
    "notes",
    "job-1",
    ".of-job-0000000000000000",
    ".gone-1",
    "run-00000000000000GG",
    "run-0000000000000000",
  ];
  writeFiles(folders.jobs, Object.fromEntries(names.map((name) => [name, "a file"])));
  mkdirSync(join(state, "elsewhere"));
  symlinkSync(join(state, "elsewhere"), join(folders.jobs, lostId));
  clock.now += dayMs;
  await retention.prune({ jobs_older_than: "1ms" });
  assert.deepEqual(left().jobFolders.toSorted(), [...names, lostId].toSorted());
});

test("a link among a job's files is removed, and not what it points to", async (t) => {
  const { retention, job, folders, state, left } = openRetention(t);
  writeFiles(state, { "elsewhere/file": "precious" });
  symlinkSync(join(state, "elsewhere"), join(folders.jobs, job(2), "link"));
  await retention.prune({ jobs_older_than: "1d" });
  assert.deepEqual([left().jobFolders, readdirSync(join(state, "elsewhere"))], [[], ["file"]]);
});

test("a clock that was set back removes nothing", async (t) => {
  const { retention, job, clock, left } = openRetention(t, { jobs: { keep_days: 1, keep_size: "1m" } });
  const jobs = [job(0, mebibyte / 2), job(0.5, mebibyte / 2)];
  clock.now -= 10_000 * dayMs;
  await retention.prune({});
  assert.deepEqual(left().jobs, jobs);
});

test("a dry run says what would go, and touches nothing", async (t) => {
  const { retention, job, folders, left } = openRetention(t, { jobs: { keep_size: "1m" } });
  const [, large, old] = [job(0, mebibyte), job(1, 500), job(2, 70)];
  writeFiles(folders.jobs, { [`.gone-${crypto.randomUUID()}/output.jsonl`]: "{}" });
  const before = left();
  const pruned = await retention.prune({ jobs_older_than: "36h", dry_run: true });
  assert.deepEqual(pruned, { jobs: [old, large], sessions: [], bytes: 570, dry_run: true });
  assert.deepEqual(left(), before);
});
