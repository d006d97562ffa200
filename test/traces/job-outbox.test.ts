import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createJobOutbox } from "../../lib/traces/job-outbox.ts";
import { endingOf, memoryLog, newJob, openStores } from "../harness.ts";
import { until } from "../e2e/wait.ts";

type Made = { flags?: number; spanId?: string | null; ended?: boolean; endedAt?: number };

const now = 100_000_000;
const refusal = (code: number) => Object.assign(new Error("no"), { code });

/** An outbox over a real database; `failures` are what the receiver says first, each once. */
const open = (t: TestContext, failures: Error[] = []) => {
  const stores = openStores(t);
  const sent: string[] = [];
  const outbox = createJobOutbox({
    ...stores,
    async send([span]) {
      await Promise.resolve();
      const failure = failures.shift();
      if (failure) throw failure;
      sent.push(String(span?.attributes["stromboli.job.id"]));
    },
    log: memoryLog().log,
    now: () => now,
    againMs: 1,
  });
  t.after(() => outbox.stop());
  const make = ({ flags = 1, spanId = "c".repeat(16), ended = true, endedAt = now }: Made = {}): string => {
    const { id, ...job } = newJob();
    stores.db.transaction(() => {
      stores.jobs.insert({ id, ...job });
      stores.jobTraces.insert(id, { traceId: "a".repeat(32), parentSpanId: "b".repeat(16), spanId, flags, state: "" });
    })();
    if (ended) stores.jobs.ended(id, endingOf({ endedAt }));
    return id;
  };
  const allSent = (ids: readonly string[]) => until("the spans", () => sent.length >= ids.length);
  return { ...stores, outbox, sent, make, allSent };
};

test("jobs that have ended are sent once, the first that came first", async (t) => {
  const { outbox, sent, make, allSent } = open(t);
  const [first, second] = [make({ endedAt: now - 1 }), make({ endedAt: now - 2 })];
  outbox.wake();
  outbox.wake();
  await allSent([first, second]);
  const third = make();
  outbox.wake();
  await allSent([first, second, third]);
  await outbox.stop();
  assert.deepEqual(sent, [first, second, third]);
});

for (const [what, made] of [
  ["that has not ended", { ended: false }],
  ["whose caller does not want it to be", { flags: 0 }],
  ["whose trace is only passed on", { spanId: null }],
  ["that ended more than a day ago", { endedAt: now - 24 * 3_600_000 - 1 }],
] as const) {
  test(`a job is not sent ${what}`, async (t) => {
    const { outbox, sent, make, allSent } = open(t);
    make(made);
    const other = make();
    outbox.wake();
    await allSent([other]);
    await outbox.stop();
    assert.deepEqual(sent, [other]);
  });
}

test("what could not be sent is sent again", async (t) => {
  const { outbox, sent, make, allSent } = open(t, [new Error("ECONNREFUSED"), refusal(503), refusal(401)]);
  const id = make();
  outbox.wake();
  await allSent([id]);
  assert.deepEqual(sent, [id]);
});

for (const code of [400, 413]) {
  test(`what the receiver refuses with ${code} holds up no other`, async (t) => {
    const { outbox, sent, make, allSent } = open(t, [refusal(code)]);
    const [, second] = [make({ endedAt: now - 1 }), make()];
    outbox.wake();
    await allSent([second]);
    assert.deepEqual(sent, [second]);
  });
}

test("a job that is removed takes its place in a trace with it", (t) => {
  const { db, jobTraces, make } = open(t);
  const id = make();
  db.prepare("delete from jobs where id = ?").run(id);
  assert.equal(jobTraces.find(id), undefined);
});
