import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { z } from "zod";
import { JobResponse } from "../../lib/schema/job.ts";
import { startStromboli } from "./harness.ts";
import { held } from "./requests.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after });
const { submit, show, list, ended, run, events, logOf } = stromboli;

const session_id = randomUUID();
const { status: accepted, body: receipt } = await submit(
  held("echo finished", { claude: { session_id }, labels: { team: "compilers", "ticket.id": "ST-1" }, priority: 3 }),
);
const id = String(receipt.job_id);
const workspace = stromboli.workspace(session_id);
await until("the agent", () => existsSync(join(workspace, "begun")));
const atWork = await show(id);
writeFileSync(join(workspace, "go"), "");
const job = await ended(id);

test("an asynchronous run is accepted with 202, its job and its session", () => {
  assert.deepEqual([accepted, receipt], [202, { job_id: id, session_id }]);
  assert.match(id, /^job-[0-9a-f]{16}$/);
});

test("a job that runs says so, and has no outcome yet", () => {
  assert.deepEqual(
    [atWork.status, atWork.outcome, atWork.ended_at, atWork.exit_code],
    ["running", undefined, null, null],
  );
  assert.ok(atWork.created_at <= String(atWork.started_at));
});

test("a job that has ended has all fields of its result and of a job, and nothing else", () => {
  const { labels, usage, ...rest } = z.strictObject(JobResponse.shape).parse(job);
  assert.deepEqual([job.status, job.outcome, job.output], ["completed", "succeeded", "result: finished"]);
  assert.deepEqual([labels, rest.priority], [{ team: "compilers", "ticket.id": "ST-1" }, 3]);
  assert.deepEqual([rest.id, rest.session_id, rest.exit_code, rest.num_turns], [id, session_id, 0, 2]);
  assert.match(rest.title, /^use Bash: /);
  assert.ok((usage?.total_tokens ?? 0) > 0);
});

test("the events of an agent are its moves, the lines of the CLI and then the job, numbered from 1 without a gap", async () => {
  const all = await events(id);
  assert.deepEqual(
    all.map((event) => event.id),
    all.map((_, index) => String(index + 1)),
  );
  const moves = all.slice(0, 3).map(({ event, data }) => [event, (JSON.parse(data) as { status: string }).status]);
  assert.deepEqual(moves, [
    ["status", "pending"],
    ["status", "starting"],
    ["status", "running"],
  ]);
  const output = all.filter(({ event }) => event === "output").map(({ data }) => `${data}\n`);
  assert.equal(output.join(""), String(await logOf(id)));
  assert.deepEqual([all.at(-1)?.event, JSON.parse(all.at(-1)?.data ?? "")], ["done", await show(id)]);
});

test("the times of a job are in order, and its phases add up to them", () => {
  const { created_at, queued_at, started_at, ended_at, updated_at, timings_ms: timings } = job;
  const [created, started, end] = [created_at, String(started_at), String(ended_at)].map((time) => Date.parse(time));
  assert.deepEqual([queued_at, updated_at], [created_at, ended_at]);
  assert.equal(timings.queue + timings.create, Number(started) - Number(created));
  assert.equal(timings.agent, Number(end) - Number(started));
  assert.ok(Number(timings.first_token) > 0 && Number(timings.first_token) < timings.agent);
});

test("a synchronous run is a job too, with the same answer, and goes on in the session of a job", async () => {
  const { body } = await run({ prompt: "recall", claude: { session_id, resume: true } });
  assert.match(body.output ?? "", /echo finished/);
  const { created_at, updated_at, title, priority, ...same } = await show(String(body.id));
  assert.deepEqual(same, body);
  assert.deepEqual([created_at, updated_at], [body.queued_at, body.ended_at]);
  assert.deepEqual([title, priority], ["recall", 0]);
});

test("a job that fails keeps its session, and says why it failed", async () => {
  const { body } = await submit({ prompt: "fail 400 message=bad" });
  const failed = await ended(String(body.job_id));
  assert.deepEqual([failed.status, failed.outcome, failed.session_id], ["failed", "api_error", body.session_id]);
  assert.match(String(failed.error), /bad/);
  const { body: next } = await run({ prompt: "hello", claude: { session_id: failed.session_id, resume: true } });
  assert.equal(next.output, "echo: hello");
});

test("each filter of the list finds the job", async () => {
  const digits = id.slice("job-".length);
  const queries = [
    `id=${id}`,
    `id=${digits.slice(0, 12)}`,
    `id=job-${digits.slice(0, 12)}`,
    `session_id=${session_id.toUpperCase()}&status=completed&id=job-`,
    "label=team",
    "label=ticket.id=ST-1",
    "label=team%3Dcompilers",
  ];
  for (const query of queries) {
    const { jobs } = await list(`?${query}`);
    assert.deepEqual(
      jobs.map((found) => found.id),
      [id],
      query,
    );
  }
});

for (const query of [
  "status=pending",
  "status=crashed",
  "label=tea",
  "label=team=compiler",
  "id=job-zz0",
  "id=run-0000000000000000",
]) {
  test(`a filter that fits nothing finds nothing: ${query}`, async () => {
    const response = await stromboli.send(`/jobs?${query}`);
    const { jobs } = (await response.json()) as { jobs?: unknown[] };
    assert.deepEqual([response.status, jobs], query === "id=job-zz0" ? [400, undefined] : [200, []]);
  });
}

test("pages of the list hold every job once, newest first", async () => {
  const { jobs: all } = await list();
  const paged: typeof all = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await list(`?limit=2${cursor === undefined ? "" : `&cursor=${cursor}`}`);
    assert.ok(page.jobs.length <= 2);
    paged.push(...page.jobs);
    cursor = page.next_cursor;
  }
  assert.deepEqual(paged, all);
  assert.deepEqual(
    all.map(({ created_at }) => created_at),
    all
      .map(({ created_at }) => created_at)
      .toSorted()
      .toReversed(),
  );
});

test("a long answer is left out of the list, and whole in the job", async () => {
  const { body } = await submit({ prompt: "long 80" });
  const { output, output_truncated } = await ended(String(body.job_id));
  const [listed] = (await list(`?id=${body.job_id}`)).jobs;
  assert.deepEqual([output.trimEnd().split("\n").length, output_truncated], [80 * 16, undefined]);
  assert.deepEqual([listed?.output, listed?.output_truncated], ["", true]);
});
