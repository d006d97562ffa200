import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test, type TestContext } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { join } from "node:path";
import { execa } from "execa";
import { measure, statsTable, type MeasuredStats } from "../../bin/stats-table.ts";
import { answering, hangUp, json } from "./harness.ts";
import type { JobStats, Stats } from "../../lib/schema/stats.ts";

const job: JobStats = {
  id: "job-0123456789abcdef",
  title: "Fix the test that fails",
  session_id: "s",
  caller: "local",
  phase: "running",
  started_at: "2026-01-01T00:00:00.000Z",
  cpu_ms: 1000,
  memory_bytes: 310 * 2 ** 20,
  memory_limit_bytes: 512 * 2 ** 20,
  model: "claude-opus-4-5",
  input_tokens: 0,
  output_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  total_tokens: 123_456,
};
const starting: JobStats = {
  ...job,
  id: "job-1",
  phase: "starting",
  started_at: null,
  cpu_ms: null,
  memory_bytes: null,
  memory_limit_bytes: null,
  model: null,
  total_tokens: 0,
};
const at = (second: number, ...jobs: JobStats[]): Stats => ({
  at: new Date(Date.parse("2026-01-01T00:01:00.000Z") + second * 1000).toISOString(),
  pending: 3,
  jobs,
});

test("how busy a job is shows between two looks", () => {
  const now = measure(at(0, job, starting), at(2, { ...job, cpu_ms: 1300 }, starting, { ...job, id: "job-2" }));
  assert.deepEqual(
    now.jobs.map(({ cpu_percent }) => cpu_percent),
    [15, null, null],
  );
});

test("a first look does not tell how busy a job is", () => {
  assert.equal(measure(undefined, at(0, job)).jobs[0]?.cpu_percent, null);
});

const frame: MeasuredStats = measure(at(0, job), at(2, { ...job, cpu_ms: 4000 }, starting));
const shown = (columns?: number, rows?: number): string[] => {
  const stream = Object.assign(new PassThrough(), columns ? { isTTY: true, columns } : {});
  return stripVTControlCharacters(statsTable(frame, stream as unknown as NodeJS.WriteStream, rows)).split("\n"); // all that a table needs
};

test("a wide terminal has all of it", () => {
  assert.deepEqual(shown(200), [
    "ID                     CPU       MEMORY       TIME  TOKENS  MODEL            PROMPT",
    "job-0123456789abcdef  150%  310/512 MiB  1 min 2 s  123.5K  claude-opus-4-5  Fix the test that fails",
    "job-1                    -            -   starting       0  -                Fix the test that fails",
    "2 at work · 3 waiting",
  ]);
});

test("a terminal of 80 columns has what fits", () => {
  assert.deepEqual(shown(80), [
    "ID                     CPU       MEMORY       TIME  TOKENS  PROMPT",
    "job-0123456789abcdef  150%  310/512 MiB  1 min 2 s  123.5K  Fix the test that f…",
    "job-1                    -            -   starting       0  Fix the test that f…",
    "2 at work · 3 waiting",
  ]);
});

test("a terminal with few lines has the oldest jobs, and says how many are missing", () => {
  assert.deepEqual(shown(80, 3).slice(1), [
    "job-0123456789abcdef  150%  310/512 MiB  1 min 2 s  123.5K  Fix the test that f…",
    "2 at work · 3 waiting · 1 not shown",
  ]);
});

const launcher = join(import.meta.dirname, "../../bin/stromboli");

/** The real command before a daemon's stand-in, which at one of the looks is not there. */
const answered = async (t: TestContext, awayAt?: number) => {
  let second = 0;
  const { socketPath } = await answering(t, {
    "GET /stats": (request, response) => {
      second += 1;
      if (second === awayAt) hangUp(request, response);
      else json(response, at(second, { ...job, cpu_ms: 1000 + second * 500 }));
    },
  });
  return { env: { STROMBOLI_HOST: `unix://${socketPath}` } };
};

test("in a pipe stats is one frame, made of two looks", async (t) => {
  const { stdout } = await execa(launcher, ["stats"], await answered(t));
  assert.match(stdout, /^ID +CPU .*\njob-0123456789abcdef +50% .*\n1 at work · 3 waiting$/);
});

test("stats --json has how busy each job is", async (t) => {
  const { stdout } = await execa(launcher, ["stats", "--json"], await answered(t));
  const { jobs } = JSON.parse(stdout) as MeasuredStats;
  assert.deepEqual(
    jobs.map(({ cpu_percent }) => cpu_percent),
    [50],
  );
});

test("on a terminal stats goes on until Ctrl-C, over a daemon that was away, and leaves the screen as it was", async (t) => {
  const options = { ...(await answered(t, 2)), stdin: "pipe", reject: false } as const;
  const child = execa(
    "script",
    ["-qec", `trap : INT; stty cols 80 rows 24; ${launcher} stats; echo code=$?`, "/dev/null"],
    options,
  );
  let written = "";
  let typed = false;
  child.stdout.on("data", (chunk: Buffer) => {
    written += chunk.toString();
    if (typed || written.split("1 at work").length < 3) return;
    typed = true; // it comes back as ^C
    child.stdin.write("\u0003");
  });
  await child;
  assert.ok(written.startsWith("\u001b[?1049h"));
  assert.match(written, /1 at work[^]*waiting for the daemon to come back[^]*1 at work/);
  assert.ok(written.includes("\u001b[?1049lcode=0"));
});
