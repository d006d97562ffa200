import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { jobTable } from "../../bin/job-table.ts";
import type { JobResponse } from "../../lib/schema/job.ts";
import { response } from "../daemon/harness.ts";

const now = Date.parse("2026-01-01T00:01:00.000Z");
const title = "Fix the test that fails\nand the docs 日本語";
const job: JobResponse = {
  ...response,
  id: "job-0123456789abcdef",
  title,
  priority: 0,
  created_at: response.queued_at,
  updated_at: response.queued_at,
};
const { outcome: _, ...going } = job;
const running: JobResponse = { ...going, id: "job-1", status: "running", ended_at: null };
const pending: JobResponse = { ...running, id: "job-2", status: "pending", started_at: null };

/** A table as a terminal of so many columns shows it; without columns as a file has it. */
const shown = (jobs: readonly JobResponse[], columns?: number): string[] => {
  const stream = Object.assign(new PassThrough(), columns ? { isTTY: true, columns } : {});
  return stripVTControlCharacters(jobTable(jobs, stream as unknown as NodeJS.WriteStream, now)).split("\n"); // all that a table needs
};

test("a file has all of every job", () => {
  assert.deepEqual(shown([pending, running, job]), [
    "ID                    STATUS     AGE    TOOK   IMAGE      PROMPT",
    "job-2                 pending    1 min  -      debian:12  Fix the test that fails and the docs 日本語",
    "job-1                 running    1 min  59 s   debian:12  Fix the test that fails and the docs 日本語",
    "job-0123456789abcdef  succeeded  1 min  1.0 s  debian:12  Fix the test that fails and the docs 日本語",
  ]);
});

for (const [columns, line] of [
  [90, "job-0123456789abcdef  succeeded  1 min  1.0 s  debian:12  Fix the test that fails and the…"],
  [78, "job-0123456789abcdef  succeeded  1 min  1.0 s  debian:12  Fix the test that f…"],
  [77, "job-0123456789abcdef  succeeded  1 min  1.0 s  Fix the test that fails and t…"],
  [60, "job-0123456789abcdef  succeeded  1 min  Fix the test that f…"],
  [55, "job-0123456789abcdef  succeeded  Fix the test that fai…"],
] as const) {
  test(`a terminal of ${columns} columns has one line a job`, () => assert.equal(shown([job], columns)[1], line));
}

test("a terminal whose width nobody knows has 80 columns", () => {
  const wide = { ...job, title: "x".repeat(200) };
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 0 });
  const [, line = ""] = stripVTControlCharacters(jobTable([wide], stream as unknown as NodeJS.WriteStream, now)).split(
    "\n",
  );
  assert.equal(line.length, 80);
});

test("a title cannot rule the terminal", () => {
  assert.match(shown([{ ...job, title: "a\u001b[2J\r\tb" }])[1] ?? "", / {2}a\[2J b$/);
});

test("without jobs there is the head alone", () => {
  assert.deepEqual(shown([]), ["ID  STATUS  AGE  TOOK  IMAGE  PROMPT"]);
});
