import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { findJob, listJobs, resolveJob } from "../../bin/jobs.ts";
import { answering, jobId, json } from "./harness.ts";

/** A daemon that lists jobs; its pages are of three. */
const harness = async (t: TestContext, ids: readonly string[]) => {
  const { client, requests } = await answering(t, {
    "GET /jobs": ({ path }, response) => {
      const query = new URL(path, "http://localhost").searchParams;
      const from = Number(query.get("cursor") ?? 0);
      const to = from + Math.min(3, Number(query.get("limit")));
      const jobs = ids.slice(from, to).map((id) => ({ id }));
      json(response, { jobs, ...(to < ids.length && { next_cursor: String(to) }) });
    },
  });
  return { client, asked: () => requests.map(({ path }) => path) };
};

test("a whole id needs no look-up", async (t) => {
  const { client, asked } = await harness(t, []);
  assert.equal(await resolveJob(client, jobId), jobId);
  assert.deepEqual(asked(), []);
});

for (const text of ["job-0123", "0123", "job-", "0123456789abcdef"]) {
  test(`${text} is the job whose id begins so`, async (t) => {
    const { client, asked } = await harness(t, [jobId]);
    assert.equal(await resolveJob(client, text), jobId);
    assert.deepEqual(asked(), [`/jobs?id=${text}&limit=2`]);
  });
}

test("what is the beginning of several ids is none", async (t) => {
  const { client } = await harness(t, [jobId, "run-0123456789abcdee"]);
  await assert.rejects(resolveJob(client, "0123"), {
    name: "Failure",
    exitCode: 1,
    message: "0123 is the beginning of several jobs",
  });
});

test("what is the beginning of no id is told", async (t) => {
  const { client } = await harness(t, []);
  await assert.rejects(resolveJob(client, "0123"), { name: "Failure", exitCode: 1, message: /^there is no job 0123;/ });
});

for (const text of ["", "nonsense", "job-0123456789abcdef0", "JOB-01", "0123/../..", "job-01 "]) {
  test(`${JSON.stringify(text)} can be no job, and the daemon is not asked`, async (t) => {
    const { client, asked } = await harness(t, [jobId]);
    await assert.rejects(findJob(client, text), { exitCode: 1, message: /there is no job/ });
    assert.deepEqual(asked(), []);
  });
}

const seven = Array.from({ length: 7 }, (_, index) => `job-${index}`);
for (const [title, limit, count, more] of [
  ["all pages", undefined, 7, false],
  ["exactly all", 7, 7, false],
  ["part of a page", 2, 2, true],
  ["some pages and a part", 5, 5, true],
  ["more than there are", 600, 7, false],
] as const) {
  test(`a list may have ${title}`, async (t) => {
    const { client } = await harness(t, seven);
    const page = await listJobs(client, { label: "a=b" }, limit);
    assert.deepEqual([page.jobs.map(({ id }) => id), page.more], [seven.slice(0, count), more]);
  });
}

test("every page is asked for with the filter", async (t) => {
  const { client, asked } = await harness(t, seven);
  await listJobs(client, { status: "failed", session_id: "s" }, 4);
  assert.deepEqual(asked(), [
    "/jobs?status=failed&session_id=s&limit=4",
    "/jobs?status=failed&session_id=s&limit=1&cursor=3",
  ]);
});
