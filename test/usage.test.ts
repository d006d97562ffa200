import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { localCaller, type Caller } from "../lib/auth/caller.ts";
import type { Usage } from "../lib/schema/job.ts";
import type { UsageBy, UsageQuery } from "../lib/schema/usage.ts";
import { createUsages } from "../lib/usage.ts";
import { endingOf, newJob, openStores, requestOf } from "./harness.ts";

const day = 86_400_000;
const now = Date.parse("2026-11-10T12:00:00Z");
const ci: Caller = { name: "ci", scopes: ["read"], secrets: [], tokenId: "t" };

const used = (more: Partial<Usage> = {}): Usage => ({
  model: "sonnet",
  input_tokens: 1,
  output_tokens: 20,
  cache_creation_input_tokens: 300,
  cache_read_input_tokens: 4000,
  total_tokens: 4321,
  estimated_cost_usd: 0.5,
  ...more,
});

type Ran = { usage?: Usage | null; owner?: string; at?: number; labels?: Record<string, string> };

const open = (t: TestContext) => {
  const { jobs, usageStore, db } = openStores(t);
  const usages = createUsages({ usageStore, now: () => now });
  return {
    db,
    usages,
    ran: ({ usage = used(), owner = "local", at = now - 1, labels = {} }: Ran = {}): string => {
      const job = newJob({ owner, request: requestOf({ labels }) });
      jobs.insert(job);
      jobs.claim(at);
      jobs.started(job.id, at);
      jobs.ended(job.id, endingOf({ usage, endedAt: at }));
      return job.id;
    },
    keys: (by: UsageBy, more: UsageQuery = {}, caller = localCaller) =>
      usages({ by, ...more }, caller).rows.map(({ key, runs }) => `${key} ${runs}`),
  };
};

test("days are told in order, and begin at midnight UTC", (t) => {
  const { ran, keys } = open(t);
  const midnight = Date.parse("2026-11-09T00:00:00Z");
  for (const at of [now - 1, midnight, midnight - 1, midnight + day - 1]) ran({ at });
  assert.deepEqual(keys("day"), ["2026-11-08 1", "2026-11-09 2", "2026-11-10 1"]);
});

test("tokens and cost are added up, each kind for itself", (t) => {
  const { ran, usages } = open(t);
  ran();
  ran({ usage: used({ input_tokens: 10, estimated_cost_usd: 0.25 }) });
  const sums = {
    runs: 2,
    input_tokens: 11,
    output_tokens: 40,
    cache_creation_input_tokens: 600,
    cache_read_input_tokens: 8000,
    total_tokens: 8651,
    estimated_cost_usd: 0.75,
  };
  const { rows, total } = usages({ by: "model" }, localCaller);
  assert.deepEqual([rows, total], [[{ key: "sonnet", ...sums }], sums]);
});

test("what cost most comes first", (t) => {
  const { ran, keys } = open(t);
  ran({ usage: used({ model: "haiku", estimated_cost_usd: 0.1 }) });
  ran({ usage: used({ model: "opus", estimated_cost_usd: 2 }) });
  ran({ usage: used({ estimated_cost_usd: 1.5 }) });
  assert.deepEqual(keys("model"), ["opus 1", "sonnet 1", "haiku 1"]);
});

test("a run counts for each of its labels, and once in the total", (t) => {
  const { ran, keys, usages } = open(t);
  ran({ labels: { team: "a", batch: "7" } });
  ran({ labels: { team: "a" } });
  ran();
  assert.deepEqual(keys("label"), ["team=a 2", "batch=7 1"]);
  assert.equal(usages({ by: "label" }, localCaller).total.runs, 3);
});

test("a caller sees its own runs, and an admin everybody's", (t) => {
  const { ran, keys, usages } = open(t);
  ran({ owner: "ci" });
  ran({ owner: "bot" });
  assert.deepEqual([keys("caller", {}, ci), keys("caller")], [["ci 1"], ["bot 1", "ci 1"]]);
  assert.equal(usages({}, ci).total.runs, 1);
});

test("a job counts when it has ended, and not when it never asked the model", (t) => {
  const { ran, keys } = open(t);
  ran({ usage: null });
  assert.deepEqual(keys("model"), []);
});

test("what a job used is kept when the job is removed", (t) => {
  const { ran, keys, db } = open(t);
  db.prepare("delete from jobs where id = ?").run(ran());
  assert.deepEqual(keys("model"), ["sonnet 1"]);
});

for (const [since, until, runs] of [
  ["1d", undefined, 2],
  [undefined, "1d", 2],
  ["2026-11-09", "2026-11-10", 2],
  ["2026-11-09T12:00:00Z", undefined, 2],
  ["2026-11-09T14:00:01+02:00", undefined, 1],
  ["400d", "1h30m", 3],
] as const) {
  test(`from ${since ?? "the first"} until ${until ?? "now"} the total is ${runs}`, (t) => {
    const { ran, usages } = open(t);
    for (const at of [now, now - day, now - day - 1, now - 300 * day]) ran({ at });
    assert.equal(usages({ since, until }, localCaller).total.runs, runs);
  });
}

test("a span without any time in it is refused", (t) => {
  assert.throws(() => open(t).usages({ since: "1h", until: "2h" }, localCaller), {
    code: "invalid_request",
    message: "since 1h is not before 2h",
  });
});

test("thousands of labels are told as the thousand that cost most", (t) => {
  const { db, usages } = open(t);
  db.exec(`
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 2000)
    insert into run_usage select n, 1, 'local', 'm', 1, 1, 0, 0, n, json_object('batch', n) from numbers`);
  const { rows, total } = usages({ by: "label" }, localCaller);
  assert.deepEqual([rows.length, rows[0]?.key, total.runs], [1000, "batch=2000", 2000]);
});
