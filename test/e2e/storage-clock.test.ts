import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { makeMeddler } from "./meddle.ts";
import { makeStandIn } from "./stand-in.ts";

const meddler = makeMeddler({ after });
const config = { claude: { binary: makeStandIn({ after }) } };
const stromboli = await startStromboli({ after }, { config, env: meddler.env });
const { submit, ended, list, events } = stromboli;

const hourMs = 3_600_000;
afterEach(() => meddler.setClock(0));

/** A job whose agent waits to be told to go. */
const atWork = async (more: object = {}) => {
  const session_id = randomUUID();
  const { body } = await submit({ prompt: "echo begun; hold; answer hi", claude: { session_id }, ...more });
  await stromboli.job(session_id, "running");
  return { id: String(body.job_id), go: () => writeFileSync(join(stromboli.workspace(session_id), "go"), "") };
};

for (const [how, byMs] of [
  ["back", -hourMs],
  ["ahead", hourMs],
] as const) {
  test(`a clock that is put ${how} by an hour in a run makes no duration negative, and no outcome false`, async () => {
    const { id, go } = await atWork({ podman: { timeout: "30m" } });
    meddler.setClock(byMs);
    go();
    const { outcome, timings_ms, started_at, ended_at } = await ended(id);
    const { queue, create, hooks, agent } = timings_ms;
    assert.equal(outcome, "succeeded");
    assert.ok(Math.min(queue, create, hooks, agent) >= 0 && agent < hourMs / 2, JSON.stringify(timings_ms));
    assert.ok(String(ended_at) >= String(started_at));
    assert.equal((await events(id)).at(-1)?.event, "done");
  });

  test(`a timeout holds though the clock was put ${how}`, async () => {
    const began = performance.now();
    const { id } = await atWork({ podman: { timeout: "4s" } });
    meddler.setClock(byMs);
    const { outcome } = await ended(id);
    assert.equal(outcome, "timed_out");
    assert.ok(performance.now() - began < 60_000);
  });
}

test("jobs stay in the order in which they came though the clock was put back between them, on every page", async () => {
  const ids: string[] = [];
  for (const byMs of [0, -hourMs, hourMs, -2 * hourMs]) {
    meddler.setClock(byMs);
    const { body } = await submit({ prompt: "answer hi", labels: { clock: "wrong" } });
    ids.unshift(String(body.job_id));
  }
  await Promise.all(ids.map(ended));
  const { jobs: page, next_cursor } = await list("?label=clock&limit=2");
  const { jobs: rest } = await list(`?label=clock&limit=2&cursor=${next_cursor}`);
  assert.deepEqual(
    [...page, ...rest].map(({ id }) => id),
    ids,
  );
});

test("a timeout holds across a restart with the clock put back", async () => {
  const { id } = await atWork({ podman: { timeout: "6s" } });
  await stromboli.end("SIGKILL");
  meddler.setClock(-hourMs);
  await stromboli.start();
  assert.equal((await ended(id)).outcome, "timed_out");
});
