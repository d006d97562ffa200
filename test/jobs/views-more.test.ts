import assert from "node:assert/strict";
import { appendFileSync, rmSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { jobFolder } from "../../lib/jobs/folder.ts";
import { openJournal } from "../../lib/jobs/journal.ts";
import { endingOf } from "../harness.ts";
import { resultOf } from "./ended-job.ts";
import { openViews } from "./open-views.ts";

const reading = { after: 0, follow: true, signal: new AbortController().signal };

test("whatever is asked of a job that is not there says so", async (t) => {
  const { allViews, views } = openViews(t);
  const none = { code: "job_not_found", message: "there is no job job-0" };
  assert.throws(() => views.find("job-0"), none);
  assert.throws(() => views.log("job-0", "stdout"), none);
  assert.throws(() => views.events("job-0", reading), none);
  await assert.rejects(async () => views.job("job-0"), none);
  await assert.rejects(async () => views.run("job-0"), none);
  assert.equal(await allViews.ended("job-0"), undefined);
});

test("a job that has not ended has come to nothing yet", async (t) => {
  const { allViews, run } = openViews(t);
  assert.equal(await allViews.ended(run()), undefined);
});

test("what a job came to is told with its answer, as far as that has at most 1 MiB", async (t) => {
  const { allViews, end } = openViews(t);
  const short = await allViews.ended(await end());
  const long = await allViews.ended(await end({ output: `${resultOf("x".repeat(2_000_000))}\n` }));
  assert.deepEqual([short?.output, long?.output, long?.output_truncated], ["done", "", true]);
});

test("who waited for a job that did not start is told why", async (t) => {
  const { jobs, views, run } = openViews(t);
  const id = run();
  jobs.ended(id, endingOf({ outcome: "start_failed", error: "no such image" }));
  await assert.rejects(views.run(id), { code: "start_failed", message: "no such image" });
});

for (const [stream, file] of [
  ["stdout", "output.jsonl"],
  ["stderr", "stderr.log"],
  ["hooks", "hooks.log"],
] as const) {
  test(`the log ${stream} is ${file} of the job's folder`, (t) => {
    const { views, jobsFolder, run } = openViews(t);
    const id = run();
    assert.equal(views.log(id, stream), join(jobsFolder, id, file));
  });
}

test("a list is there though the files of a job were removed", async (t) => {
  const { views, jobsFolder, end } = openViews(t);
  const [kept, lost] = [await end(), await end()];
  const raw = await end({ request: { claude: { output_format: "stream-json" } } });
  for (const id of [lost, raw]) rmSync(join(jobsFolder, id), { recursive: true });
  const { jobs } = await views.list({});
  assert.deepEqual(
    jobs.map(({ id, output }) => [id, output]),
    [
      [raw, ""],
      [lost, ""],
      [kept, "done"],
    ],
  );
  assert.equal((await views.job(lost)).status, "completed");
});

test("a job whose files were removed has its moves and done as its events", async (t) => {
  const { views, jobsFolder, end } = openViews(t);
  const id = await end();
  rmSync(join(jobsFolder, id), { recursive: true });
  const events = (await Array.fromAsync(views.events(id, reading))).flat();
  assert.deepEqual(
    events.map((event) => `${event.id} ${event.type}`),
    ["1 status", "2 status", "3 status", "4 done"],
  );
});

test("a job whose output alone was removed has its lines as events without words", async (t) => {
  const { jobs, views, jobsFolder, run } = openViews(t);
  const id = run();
  const folder = jobFolder(jobsFolder, id);
  const journal = openJournal(folder.journal);
  journal.append({ source: "output", end: 10, count: 2 });
  journal.close();
  unlinkSync(folder.output);
  jobs.ended(id, endingOf());
  const events = (await Array.fromAsync(views.events(id, reading))).flat();
  assert.deepEqual(
    events.map((event) => `${event.id} ${event.type}`),
    ["1 status", "2 status", "3 status", "4 output", "5 output", "6 done"],
  );
});

test("a job from before there were journals has its moves and done as its events, and is no crash", async (t) => {
  const { db, views, jobsFolder, end } = openViews(t);
  const id = await end();
  unlinkSync(jobFolder(jobsFolder, id).journal);
  db.prepare("update jobs set result_start = null, result_end = null where id = ?").run(id);
  const events = (await Array.fromAsync(views.events(id, reading))).flat();
  assert.deepEqual(
    events.map((event) => `${event.id} ${event.type}`),
    ["1 status", "2 status", "3 status", "4 done"],
  );
  const { status, crash_info } = await views.job(id);
  assert.deepEqual([status, crash_info], ["completed", undefined]);
});

test("a line that was too long for its event is had by its place", async (t) => {
  const { views, jobsFolder, run } = openViews(t);
  const id = run();
  const line = "é".repeat(1_000_000);
  appendFileSync(jobFolder(jobsFolder, id).output, `before\n${line}\nafter\n`);
  assert.ok((await views.line(id, { start: 7, end: 7 + 2_000_000 })) === line);
});

test("a line that is too long for anything is empty", async (t) => {
  const { views, run } = openViews(t);
  assert.equal(await views.line(run(), { start: 0, end: 40 * 1_048_576 }), "");
});
