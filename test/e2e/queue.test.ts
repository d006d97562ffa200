import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { makeStandIn } from "./stand-in.ts";

const stromboli = await startStromboli(
  { after },
  { config: { claude: { binary: makeStandIn({ after }) }, jobs: { max_running: 1, max_queued: 4 } } },
);
const { submit, show, list, ended, cancel } = stromboli;

const queue = async (more: object = {}): Promise<string> =>
  String((await submit({ prompt: "answer hi", ...more })).body.job_id);

/** A job that has the only place until it is told to `go`. */
const block = async () => {
  const { body } = await submit({ prompt: "hold; answer held" });
  const session = String(body.session_id);
  await stromboli.job(session, "running");
  return { id: String(body.job_id), go: () => writeFileSync(join(stromboli.workspace(session), "go"), "") };
};

/** Ids in the order in which the jobs began; each began after the one before it had ended. */
const orderOf = async (ids: readonly string[]): Promise<string[]> => {
  const jobs = await Promise.all(ids.map(ended));
  const began = jobs.toSorted((one, other) => String(one.started_at).localeCompare(String(other.started_at)));
  for (const [index, { started_at }] of began.entries())
    assert.ok(index === 0 || String(started_at) >= String(began[index - 1]?.ended_at));
  return began.map(({ id }) => id);
};

test("with one place jobs run one after the other, first in first out", async () => {
  const { id, go } = await block();
  const waiting = [await queue(), await queue(), await queue()];
  go();
  assert.deepEqual(await orderOf([...waiting, id]), [id, ...waiting]);
});

test("a job that waits is pending, with the title it was given and without a container", async () => {
  const { id, go } = await block();
  const waiting = await queue();
  const { status, title, started_at, timings_ms, ...rest } = await show(waiting);
  assert.deepEqual([status, title, started_at, timings_ms.create], ["pending", "answer hi", null, 0]);
  assert.deepEqual([rest.output, rest.num_turns, rest.exit_code], ["", 0, null]);
  assert.deepEqual(
    (await list("?status=pending")).jobs.map((job) => job.id),
    [waiting],
  );
  assert.deepEqual(
    (await list("?status=running")).jobs.map((job) => job.id),
    [id],
  );
  assert.deepEqual(await stromboli.containers(), [`stromboli-${id}`]);
  const events = await stromboli.events(waiting, { query: "?follow=false" });
  assert.deepEqual(
    events.map(({ event, data }) => [event, data.slice(0, 19)]),
    [["status", '{"status":"pending"']],
  );
  go();
  const { timings_ms: timings } = await ended(waiting);
  assert.ok(timings.queue > 0);
});

test("those of higher priority go first, and first in first out among equals", async () => {
  const { go } = await block();
  const [low, high, lowest, alsoHigh] = [
    await queue(),
    await queue({ priority: 7 }),
    await queue({ priority: -7 }),
    await queue({ priority: 7 }),
  ];
  go();
  assert.deepEqual(await orderOf([low, high, lowest, alsoHigh]), [high, alsoHigh, low, lowest]);
});

test("a queue that is full refuses with 503 and a time to try again, and takes jobs when there is room", async () => {
  const { go } = await block();
  const waiting = await Promise.all([queue(), queue(), queue(), queue()]);
  const refused = await submit({ prompt: "answer hi" });
  const { status, headers, body } = await stromboli.run({ prompt: "answer hi" });
  assert.deepEqual([refused.status, refused.body.code, refused.body.id], [503, "queue_full", ""]);
  assert.match(String(refused.body.error), /4 jobs are waiting.*jobs\.max_queued/);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  assert.deepEqual([status, body.code, headers.has("retry-after")], [503, "queue_full", true]);
  await cancel(String(waiting.at(-1)));
  const instead = await queue();
  go();
  assert.equal((await ended(instead)).outcome, "succeeded");
});

test("a synchronous run takes its turn, and answers when it has had it", async () => {
  const { go } = await block();
  const first = await queue();
  const answer = stromboli.run({ prompt: "answer hi" });
  const { id: waiting } = await stromboli.pendingRun();
  assert.equal((await show(waiting)).status, "pending");
  go();
  const { status, body } = await answer;
  assert.deepEqual([status, body.id, body.output], [200, waiting, "hi"]);
  assert.deepEqual(await orderOf([first, waiting]), [first, waiting]);
});

test("a run whose client hangs up while it waits is cancelled, and never starts", async () => {
  const { id: first, go } = await block();
  const client = new AbortController();
  const answer = stromboli.run({ prompt: "answer hi" }, { signal: client.signal });
  const { id } = await stromboli.pendingRun();
  client.abort();
  await assert.rejects(answer, { name: "AbortError" });
  const { outcome, started_at } = await ended(id);
  go();
  await ended(first);
  assert.deepEqual([outcome, started_at], ["cancelled", null]);
});
