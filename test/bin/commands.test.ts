import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { execa } from "execa";
import type { JobEvent } from "../../bin/follow.ts";
import { answering, jobId, json, streamOf, type Answers } from "./harness.ts";

const launcher = join(import.meta.dirname, "../../bin/stromboli");
const otherId = "run-00000000000000ff";

/** The real command before a stand-in of the daemon. */
const harness = async (t: TestContext, answers: Answers) => {
  const { socketPath, requests } = await answering(t, answers);
  const run = async (...args: readonly string[]) => {
    const env = { STROMBOLI_HOST: `unix://${socketPath}` };
    const options = { env, reject: false, stripFinalNewline: false, encoding: "buffer" } as const;
    const { exitCode, stdout, stderr } = await execa(launcher, args, options);
    return { code: exitCode, stdout: Buffer.from(stdout).toString(), stderr: Buffer.from(stderr).toString() };
  };
  return { run, asked: () => requests.map(({ method, path, body }) => [method, path, body].join(" ").trim()) };
};

const listing = (...jobs: object[]): Answers => ({ "GET /jobs": (_, response) => json(response, { jobs }) });
const streaming = (events: readonly JobEvent[]): Answers => ({
  [`GET /jobs/${jobId}/events`]: ({ headers }, response) => {
    const last = Number(headers["last-event-id"]);
    response.end(streamOf(events.filter(({ id }) => id > last)));
  },
});
const going = { id: jobId, status: "running" };
const ended = { ...going, status: "completed", outcome: "succeeded" };

const line = `"${"é🦊".repeat(300_000)}"\n`;
const log = Buffer.from(line);
const pointer = { type: "stromboli_long_line", stream: "stdout", start: 0, end: log.length, bytes: log.length };
const events: readonly JobEvent[] = [
  { id: 1, type: "status", data: '{"status":"pending"}' },
  { id: 2, type: "output", data: '{"type":"system"}' },
  { id: 3, type: "stderr", data: "a warning" },
  { id: 4, type: "output", data: JSON.stringify(pointer) },
  { id: 5, type: "output", data: " spaces  stay " },
];
const done: JobEvent = { id: 6, type: "done", data: JSON.stringify(ended) };
const logged: Answers = {
  [`GET /jobs/${jobId}/logs`]: (_, response) => void response.writeHead(206).end(log),
};

test("logs has the output on stdout and errors on stderr, long lines whole", async (t) => {
  const { run, asked } = await harness(t, { ...listing(going), ...streaming(events), ...logged });
  const { code, stdout, stderr } = await run("logs", "0123");
  assert.deepEqual([code, stderr], [0, "a warning\n"]);
  assert.equal(stdout === `{"type":"system"}\n${line} spaces  stay \n`, true);
  assert.deepEqual(asked(), [
    "GET /jobs?id=0123&limit=2",
    `GET /jobs/${jobId}/events?follow=false`,
    `GET /jobs/${jobId}/logs?stream=stdout`,
  ]);
});

test("logs --json has every event on a line of its own, long lines whole", async (t) => {
  const { run } = await harness(t, { ...listing(going), ...streaming(events), ...logged });
  const { stdout } = await run("logs", "--json", jobId);
  const whole = events.map((event) => (event.id === 4 ? { ...event, data: line.trimEnd() } : event));
  assert.deepEqual(
    stdout
      .trimEnd()
      .split("\n")
      .map((text) => JSON.parse(text) as unknown),
    whole,
  );
});

test("logs --after leaves out what came before", async (t) => {
  const { run } = await harness(t, { ...listing(going), ...streaming(events) });
  assert.deepEqual(await run("logs", "--after", "4", jobId), { code: 0, stdout: " spaces  stay \n", stderr: "" });
});

test("logs of a job that has ended goes on until its end, though the daemon breaks off without a word", async (t) => {
  let cut = true;
  const { run } = await harness(t, {
    ...listing(ended),
    [`GET /jobs/${jobId}/events`]: (_, response) => {
      response.end(streamOf(cut ? events.slice(0, 2) : [...events.slice(2, 3), ...events.slice(4), done]));
      cut = false;
    },
  });
  const { stdout, stderr } = await run("logs", jobId);
  assert.deepEqual([stdout, stderr], ['{"type":"system"}\n spaces  stay \n', "a warning\n"]);
});

test("wait prints each outcome and ends as the last that did not succeed", async (t) => {
  const failed = { id: otherId, status: "failed", outcome: "timed_out" };
  const { run } = await harness(t, {
    "GET /jobs": ({ path }, response) => json(response, { jobs: [path.includes("ff") ? failed : going] }),
    ...streaming([...events, done]),
  });
  assert.deepEqual(await run("wait", otherId, jobId), {
    code: 124,
    stdout: `${otherId} timed_out\n${jobId} succeeded\n`,
    stderr: "",
  });
});

test("cancel goes on with the others, and ends with 1 when one could not be cancelled", async (t) => {
  const { run } = await harness(t, {
    ...listing(),
    [`DELETE /jobs/${jobId}`]: (_, response) => json(response, { cancelled: true, job_id: jobId }),
    [`DELETE /jobs/${otherId}`]: (_, response) => json(response, { error: "it has ended", code: "job_ended" }, 409),
  });
  const { code, stdout, stderr } = await run("cancel", otherId, "abc", jobId);
  assert.deepEqual([code, stdout], [1, `${jobId}\n`]);
  assert.match(stderr, /^stromboli: job run-00000000000000ff has ended already$/m);
  assert.match(stderr, /^stromboli: there is no job abc;/m);
});

test("ps lists what waits and what runs, a job that starts in between once", async (t) => {
  const job = { id: jobId, created_at: "2026-01-01T00:00:00.000Z" };
  const { run, asked } = await harness(t, listing(job));
  assert.deepEqual(await run("ps", "-q", "--label", "batch=7"), { code: 0, stdout: `${jobId}\n`, stderr: "" });
  assert.deepEqual(asked(), [
    "GET /jobs?label=batch%3D7&status=pending&limit=500",
    "GET /jobs?label=batch%3D7&status=running&limit=500",
  ]);
});

test("ps --all says when there are more", async (t) => {
  const { run, asked } = await harness(t, {
    "GET /jobs": (_, response) => json(response, { jobs: [{ id: jobId }], next_cursor: "9" }),
  });
  const { stdout, stderr } = await run("ps", "-aq", "-n", "1");
  assert.deepEqual([stdout, stderr], [`${jobId}\n`, "stromboli: there are more; show them with: --limit 10\n"]);
  assert.deepEqual(asked(), ["GET /jobs?limit=1"]);
});

test("ps --json is the daemon's own list", async (t) => {
  const { run } = await harness(t, listing(ended));
  const { stdout } = await run("ps", "--status", "completed", "--json");
  assert.deepEqual(JSON.parse(stdout), [ended]);
});

test("prune asks for what the flags say and tells in a sentence what has gone", async (t) => {
  const pruned = { jobs: [jobId], sessions: ["a", "b"], bytes: 12_345_678, dry_run: true };
  const { run, asked } = await harness(t, { "POST /prune": (_, response) => json(response, pruned) });
  const { stdout } = await run("prune", "--jobs-older-than", "7d", "--dry-run");
  assert.equal(stdout, "would remove 1 job and 2 sessions, 12.3 MB\n");
  assert.deepEqual(asked(), ['POST /prune {"jobs_older_than":"7d","dry_run":true}']);
  assert.deepEqual(JSON.parse((await run("prune", "--json")).stdout), pruned);
});

const delivery = {
  id: "d-1",
  job_id: jobId,
  url: "https://example.com/hook",
  status: "failed",
  attempts: 12,
  created_at: "2026-01-01T00:00:00.000Z",
  last_status_code: null,
  last_error: "refused",
};

test("webhooks lists deliveries, and redeliver asks for one again", async (t) => {
  const { run, asked } = await harness(t, {
    "GET /webhooks/deliveries": (_, response) => json(response, { deliveries: [delivery] }),
    "POST /webhooks/deliveries/d-1/redeliver": (_, response) => json(response, delivery, 202),
  });
  const { stdout } = await run("webhooks", "--status", "failed", "--job", jobId);
  assert.match(
    stdout,
    /^ID +STATUS +TRIES +AGE +ANSWER +JOB +URL\nd-1 +failed +12 +\d+ d +none +job-\S+ +https:\S+\n$/,
  );
  assert.deepEqual(await run("webhooks", "redeliver", "d-1"), { code: 0, stdout: "d-1\n", stderr: "" });
  assert.deepEqual(JSON.parse((await run("webhooks", "ls", "--json")).stdout), [delivery]);
  assert.equal(asked()[0], `GET /webhooks/deliveries?status=failed&job_id=${jobId}`);
});
