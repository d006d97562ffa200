import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startStromboli } from "./harness.ts";
import { makeMeddler } from "./meddle.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

const meddler = makeMeddler({ after });
const config = { claude: { binary: makeStandIn({ after }) }, jobs: { max_running: 4 } };
const stromboli = await startStromboli({ after }, { config, env: meddler.env });
const { submit, show, cancel, ended, events, eventsAsTheyCome } = stromboli;

const races = 8;

/** A job that has given its answer, and is about to exit. */
const answered = async (exitCode: number): Promise<string> => {
  const { body } = await submit({ prompt: `answer hi; exit ${exitCode}` });
  const id = String(body.job_id);
  for await (const { event } of eventsAsTheyCome(id)) if (event === "output") break;
  return id;
};

/** How long it takes from there to the row's end, as busy as the machine is. */
const measure = async (): Promise<number> => {
  const id = await answered(1);
  const began = performance.now();
  await ended(id);
  return performance.now() - began;
};

/** A job that is cancelled at some moment about its end; what DELETE said, and what the job says. */
const race = async (round: number, spreadMs: number) => {
  const id = await answered(round % 2);
  await pause((round / races) * spreadMs); // the moment is the point: there is no condition to wait for
  const answer = await cancel(id);
  return { id, status: answer.status, code: answer.body["code"], job: await show(id) };
};

test("a cancel that races the end is answered with what the job says for ever", async () => {
  const spreadMs = 1.5 * Math.max(...(await Promise.all([measure(), measure(), measure(), measure()])));
  const rounds = await Promise.all(Array.from({ length: races }, (_, round) => race(round, spreadMs)));
  for (const { id, status, code, job } of rounds) {
    assert.deepEqual([status, code], job.outcome === "cancelled" ? [200, undefined] : [409, "job_ended"], id);
    const last = (await events(id)).at(-1);
    assert.deepEqual([last?.event, JSON.parse(last?.data ?? "")], ["done", job]);
  }
  await stromboli.end("SIGTERM");
  await stromboli.start();
  for (const { id, job } of rounds) assert.deepEqual(await show(id), job, "after a restart");
});

test("a cancel that comes while the outcome is being worked out is kept", async () => {
  meddler.holdEnds();
  const id = await answered(0);
  await meddler.untilHeld();
  const answer = cancel(id);
  await until("the request", async () => (await show(id)).updated_at !== (await show(id)).started_at);
  meddler.release();
  const { status, body } = await answer;
  assert.deepEqual([status, body, (await show(id)).outcome], [200, { cancelled: true, job_id: id }, "cancelled"]);
});
