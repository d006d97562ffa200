import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { JobQuery, Outcome } from "../../lib/schema/job.ts";
import type { NewJob } from "../../lib/store/jobs.ts";
import { endingOf, newJob, openStores, requestOf } from "../harness.ts";

/** Ids of 16 digits that begin as told. */
const idOf = (kind: "job" | "run", digits: string) => `${kind}-${digits.padEnd(16, "0")}`;

const openList = (t: TestContext) => {
  const { jobs, list } = openStores(t);
  return {
    jobs,
    add: (more: Partial<NewJob> = {}): string => {
      const job = newJob({ id: idOf("job", Math.random().toString(16).slice(2, 18)), ...more });
      jobs.insert({ ...job, container: job.id });
      return job.id;
    },
    /** The ids of a page, as a query of strings has it. */
    ids: (query: Record<string, string> = {}) => list(JobQuery.parse(query)).jobs.map(({ id }) => id),
    list,
  };
};

test("jobs are listed newest first, whatever the clock said", (t) => {
  const { add, ids } = openList(t);
  const [a, b, c] = [add({ createdAt: 3 }), add({ createdAt: 1 }), add({ createdAt: 2 })];
  assert.deepEqual(ids(), [c, b, a]);
});

test("without jobs the list is empty and has no next page", (t) => {
  assert.deepEqual(openList(t).list({}), { jobs: [], nextCursor: undefined });
});

test("pages lead through all jobs, each once, though new ones come meanwhile", (t) => {
  const { add, list } = openList(t);
  const all = [add(), add(), add(), add(), add()];
  const seen: string[] = [];
  let cursor: number | undefined;
  do {
    const { jobs, nextCursor } = list({ limit: 2, cursor });
    seen.push(...jobs.map(({ id }) => id));
    cursor = nextCursor;
    add();
  } while (cursor !== undefined);
  assert.deepEqual(seen, all.toReversed());
});

test("a page that is just full is the last one", (t) => {
  const { add, list } = openList(t);
  add();
  add();
  assert.equal(list({ limit: 2 }).nextCursor, undefined);
});

test("a page has 50 jobs unless told otherwise", (t) => {
  const { add, list } = openList(t);
  for (let count = 0; count < 51; count += 1) add();
  const { jobs, nextCursor } = list({});
  assert.deepEqual([jobs.length, nextCursor !== undefined], [50, true]);
});

test("jobs that wait are listed as pending, those that have a container or are about to as running", (t) => {
  const { add, jobs, ids } = openList(t);
  const [starting, running] = [add(), add()];
  jobs.claim(1);
  jobs.claim(1);
  jobs.started(running, 1);
  const pending = add();
  const ended = add();
  jobs.ended(ended, endingOf());
  assert.deepEqual([ids({ status: "pending" }), ids({ status: "running" })], [[pending], [running, starting]]);
});

for (const [status, outcomes] of Object.entries({
  completed: ["succeeded"],
  failed: [
    "agent_error",
    "api_error",
    "max_turns",
    "budget",
    "timed_out",
    "stalled",
    "output_limit",
    "hook_failed",
    "start_failed",
  ],
  crashed: ["oom_killed", "killed", "lost"],
  cancelled: ["cancelled"],
})) {
  test(`jobs that are ${status} are listed by their outcomes, and no others`, (t) => {
    const { add, jobs, ids } = openList(t);
    add();
    const made = Outcome.options.map((outcome) => {
      const id = add();
      jobs.ended(id, endingOf({ outcome }));
      return { id, outcome };
    });
    const wanted = made.filter(({ outcome }) => outcomes.includes(outcome)).map(({ id }) => id);
    assert.deepEqual(ids({ status }), wanted.toReversed());
  });
}

test("every outcome belongs to one status", (t) => {
  const { add, jobs, ids } = openList(t);
  for (const outcome of Outcome.options) jobs.ended(add(), endingOf({ outcome }));
  const counts = ["completed", "failed", "crashed", "cancelled"].map((status) => ids({ status }).length);
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    Outcome.options.length,
  );
});

test("jobs of one session are listed, whatever the case of its id", (t) => {
  const { add, ids } = openList(t);
  const sessionId = "0193b1c2-aaaa-4bbb-8ccc-0123456789ab";
  const id = add({ sessionId });
  add();
  assert.deepEqual(ids({ session_id: sessionId.toUpperCase() }), [id]);
});

for (const [label, found] of [
  ["a", ["both", "one", "empty"]],
  ["a=1", ["both", "one"]],
  ["a=", ["empty"]],
  ["a=2", []],
  ["b=x=y", ["both"]],
  ["c.d-e_f", ["odd"]],
  ["c.d-e_f=ü 'q'", ["odd"]],
  ["c", []],
  ["__proto__", []],
] as const) {
  test(`the label ${label} is had by ${found.join(", ") || "none"}`, (t) => {
    const { add, ids } = openList(t);
    const labels = {
      none: {},
      odd: { "c.d-e_f": "ü 'q'" },
      empty: { a: "" },
      one: { a: "1" },
      both: { a: "1", b: "x=y" },
    };
    const names = new Map(
      Object.entries(labels).map(([name, values]) => [add({ request: requestOf({ labels: values }) }), name]),
    );
    assert.deepEqual(
      ids({ label }).map((id) => names.get(id)),
      found,
    );
  });
}

for (const [id, found] of [
  ["", ["run 12", "job 12", "job ff"]],
  ["job-", ["job 12", "job ff"]],
  ["run-", ["run 12"]],
  ["1", ["run 12", "job 12"]],
  ["12", ["run 12", "job 12"]],
  ["job-12", ["job 12"]],
  ["f", ["job ff"]],
  ["13", []],
  ["job-1200000000000000", ["job 12"]],
] as const) {
  test(`ids that begin with ${JSON.stringify(id)} are ${found.join(", ") || "none"}`, (t) => {
    const { add, ids } = openList(t);
    const names = new Map([
      [add({ id: idOf("job", "ffffffffffffffff") }), "job ff"],
      [add({ id: idOf("job", "12") }), "job 12"],
      [add({ id: idOf("run", "12") }), "run 12"],
    ]);
    assert.deepEqual(
      ids({ id }).map((each) => names.get(each)),
      found,
    );
  });
}

test("filters go together", (t) => {
  const { add, jobs, ids } = openList(t);
  const request = requestOf({ labels: { a: "1" } });
  const [wanted, other] = [add({ request }), add({ request })];
  jobs.ended(other, endingOf());
  add();
  assert.deepEqual(ids({ label: "a=1", status: "pending", id: "job-" }), [wanted]);
});
