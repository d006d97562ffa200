import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallerViews } from "../../lib/jobs/views.ts";
import { JobList, JobResponse } from "../../lib/schema/job.ts";
import { newJob, requestOf } from "../harness.ts";
import { resultOf, says } from "./ended-job.ts";
import { openViews } from "./open-views.ts";

const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
const mebibyte = 1_048_576;

test("a job that waits is pending, and has nothing of an end", async (t) => {
  const { jobs, views } = openViews(t);
  const job = newJob({ request: requestOf({ prompt: "do it", priority: 2, labels: { a: "b" } }) });
  jobs.insert(job);
  const report = await views.job(job.id);
  assert.deepEqual(JobResponse.parse(report), report);
  assert.deepEqual(report, {
    id: job.id,
    status: "pending",
    phase: "pending",
    output: "",
    session_id: job.sessionId,
    exit_code: null,
    num_turns: 0,
    queued_at: "1970-01-01T00:00:01.000Z",
    started_at: null,
    ended_at: null,
    timings_ms: { queue: 0, create: 0, hooks: 0, agent: 0, first_token: null },
    image: { reference: "debian:12", id: "sha256:1", digest: "sha256:2" },
    labels: { a: "b" },
    title: "do it",
    priority: 2,
    created_at: "1970-01-01T00:00:01.000Z",
    updated_at: "1970-01-01T00:00:01.000Z",
  });
});

test("a job that has had its turn is running, and tells how long it waited", async (t) => {
  const { views, run } = openViews(t);
  const { status, started_at, timings_ms } = await views.job(run());
  assert.deepEqual(
    [status, started_at, timings_ms.queue, timings_ms.create],
    ["running", "1970-01-01T00:00:03.000Z", 1000, 1000],
  );
});

test("a job that has ended has the answer, and all that a list has", async (t) => {
  const { views, end } = openViews(t);
  const report = await views.job(await end({ request: { webhook_url: "https://example.com/hook" } }));
  assert.deepEqual(JobResponse.parse(report), report);
  const { status, outcome, output, webhook_url, updated_at, ended_at } = report;
  assert.deepEqual([status, outcome, output, webhook_url], ["completed", "succeeded", "done", "https://example.com/hook"]); // prettier-ignore
  assert.deepEqual([updated_at, ended_at], ["1970-01-01T00:00:04.000Z", "1970-01-01T00:00:04.000Z"]);
});

test("a report is the same whenever it is asked for", async (t) => {
  const { views, end } = openViews(t);
  const id = await end();
  assert.deepEqual([await views.job(id), await views.run(id)], [await views.job(id), await views.run(id)]);
});

test("a list leaves out answers above 64 KiB and says so; a job by itself has them", async (t) => {
  const { views, end } = openViews(t);
  const [short, long] = [await end(), await end({ output: `${resultOf("x".repeat(70_000))}\n` })];
  const { jobs } = JobList.parse(await views.list({}));
  assert.deepEqual(
    jobs.map(({ id, output, output_truncated }) => [id, output, output_truncated]),
    [
      [long, "", true],
      [short, "done", undefined],
    ],
  );
  const { output, output_truncated } = await views.job(long);
  assert.deepEqual([output.length, output_truncated], [70_000, undefined]);
});

for (const [format, output] of [
  ["json", `${resultOf("x".repeat(70_000))}\n`],
  ["stream-json", `${says("x".repeat(70_000))}\n${resultOf("y")}\n`],
] as const) {
  test(`a list leaves out long answers in the format ${format} too`, async (t) => {
    const { views, end } = openViews(t);
    await end({ output, request: { claude: { output_format: format } } });
    const [job] = (await views.list({})).jobs;
    assert.deepEqual([job?.output, job?.output_truncated], ["", true]);
  });
}

test("a page of jobs with answers of every size stays small", async (t) => {
  const { views, end } = openViews(t);
  for (const size of [10, 60_000, 65_000, 70_000, 3_000_000])
    await end({ output: `${resultOf("\u0001".repeat(size))}\n` });
  const { jobs } = await views.list({});
  assert.ok(jobs.every((job) => bytes(job) <= mebibyte));
});

test("the next page is named by a string", async (t) => {
  const { views, end } = openViews(t);
  await end();
  await end();
  const { next_cursor } = await views.list({ limit: 1 });
  assert.equal(next_cursor, "2");
  assert.ok(!("next_cursor" in (await views.list({ limit: 1, cursor: 2 }))));
});

const doneOf = async (views: CallerViews, id: string): Promise<JobResponse> => {
  const { signal } = new AbortController();
  const batches = await Array.fromAsync(views.events(id, { after: 0, follow: true, signal }));
  const done = batches.flat().at(-1);
  assert.equal(done?.type, "done");
  assert.ok(Buffer.byteLength(done.data) <= mebibyte);
  return JobResponse.parse(JSON.parse(done.data));
};

test("done has the job as it ended", async (t) => {
  const { views, end } = openViews(t);
  const id = await end();
  assert.deepEqual(await doneOf(views, id), await views.job(id));
});

for (const [what, output] of [
  ["an answer of many megabytes", `${resultOf("x".repeat(3_000_000))}\n`],
  ["an answer that grows beyond as JSON", `${resultOf("\u0001".repeat(300_000))}\n`],
  ["a structured answer of many megabytes", `${resultOf("", { structured_output: ["x".repeat(3_000_000)] })}\n`],
] as const) {
  test(`done is at most 1 MiB, with ${what}`, async (t) => {
    const { views, end } = openViews(t);
    const { output: shown, output_truncated, structured_output } = await doneOf(views, await end({ output }));
    assert.deepEqual([shown, output_truncated, structured_output], ["", true, undefined]);
  });
}

test("done is at most 1 MiB, with an answer in raw lines", async (t) => {
  const { views, end } = openViews(t);
  const output = `${says('"'.repeat(900_000))}\n${resultOf("y")}\n`;
  const { output_truncated } = await doneOf(views, await end({ output, request: { claude: { output_format: "stream-json" } } })); // prettier-ignore
  assert.equal(output_truncated, true);
});
