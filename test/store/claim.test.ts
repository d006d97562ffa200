import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { NewJob } from "../../lib/store/jobs.ts";
import { endingOf, newJob, openStores, requestOf } from "../harness.ts";

type Made = { session?: string; fork?: string; priority?: number; owner?: string };

/** Jobs by names of the test's, in the order in which they are made. */
const openQueue = (t: TestContext) => {
  const { jobs, db } = openStores(t);
  const make = (id: string, { session = id, fork, priority = 0, owner = "local" }: Made = {}): NewJob => {
    const job = newJob({
      id,
      owner,
      container: id,
      sessionId: session,
      forkedFrom: fork ?? null,
      request: requestOf({ priority }),
    });
    jobs.insert(job);
    return job;
  };
  return {
    jobs,
    db,
    make,
    claim: () => jobs.claim(1)?.id,
    start: (id: string) => jobs.started(id, 1),
    end: (id: string) => jobs.ended(id, endingOf()),
  };
};

test("jobs are claimed oldest first, once each", (t) => {
  const { make, claim } = openQueue(t);
  ["a", "b"].forEach((id) => make(id));
  assert.deepEqual([claim(), claim(), claim()], ["a", "b", undefined]);
});

test("a job that is claimed tells when", (t) => {
  const { jobs, make } = openQueue(t);
  make("a");
  const { state, claimedAt, updatedAt } = jobs.claim(5000) ?? {};
  assert.deepEqual([state, claimedAt, updatedAt], ["starting", 5000, 5000]);
});

test("the highest priority is claimed first, and the oldest of one priority", (t) => {
  const { make, claim } = openQueue(t);
  for (const [id, priority] of [["low", -5], ["a", 0], ["high", 9], ["b", 0], ["high 2", 9]] as const) make(id, { priority }); // prettier-ignore
  assert.deepEqual([claim(), claim(), claim(), claim(), claim()], ["high", "high 2", "a", "b", "low"]);
});

for (const moves of ["starting", "running"] as const) {
  test(`a job that is ${moves} counts for its owner until it ends`, (t) => {
    const { jobs, make, start, end } = openQueue(t);
    for (const [id, owner] of [["a1", "a"], ["a2", "a"], ["a3", "a"], ["b1", "b"]] as const) make(id, { owner }); // prettier-ignore
    const claim = () => jobs.claim(1, 2)?.id;
    assert.deepEqual([claim(), claim(), claim(), claim()], ["a1", "a2", "b1", undefined]);
    if (moves === "running") for (const id of ["a1", "a2", "b1"]) start(id);
    assert.equal(claim(), undefined);
    end("a1");
    assert.equal(claim(), "a3");
  });
}

for (const moves of ["starting", "running"] as const) {
  test(`a session whose job is ${moves} has no second one`, (t) => {
    const { make, claim, start, end } = openQueue(t);
    ["a", "b"].forEach((id) => make(id, { session: "s" }));
    claim();
    if (moves === "running") start("a");
    assert.equal(claim(), undefined);
    end("a");
    assert.equal(claim(), "b");
  });
}

test("jobs on one session are claimed in their order, whatever their priority", (t) => {
  const { make, claim, end } = openQueue(t);
  make("a", { session: "s", priority: -100 });
  make("b", { session: "s", priority: 100 });
  make("other", { priority: 0 });
  const order = [claim(), claim()];
  end("a");
  assert.deepEqual([...order, claim()], ["other", "a", "b"]);
});

test("a fork waits until the jobs before it on its source have ended", (t) => {
  const { make, claim, start, end } = openQueue(t);
  make("source");
  make("fork", { fork: "source", priority: 100 });
  const turns = [claim(), claim()];
  start("source");
  turns.push(claim());
  end("source");
  assert.deepEqual([...turns, claim()], ["source", undefined, undefined, "fork"]);
});

test("a job on a session waits until a fork that came before it has copied its files", (t) => {
  const { make, claim, start } = openQueue(t);
  make("fork", { fork: "s" });
  make("later", { session: "s", priority: 100 });
  const turns = [claim(), claim()];
  start("fork");
  assert.deepEqual([...turns, claim()], ["fork", undefined, "later"]);
});

test("a fork that came later does not wait for a job that waits behind it", (t) => {
  const { make, claim, end } = openQueue(t);
  make("first", { session: "s" });
  make("second", { session: "s" });
  make("fork", { fork: "s" });
  const turns = [claim(), claim()];
  end("first");
  turns.push(claim(), claim());
  end("second");
  assert.deepEqual([...turns, claim()], ["first", undefined, "second", undefined, "fork"]);
});

test("two forks of one session are made at once", (t) => {
  const { make, claim } = openQueue(t);
  ["a", "b"].forEach((id) => make(id, { fork: "s" }));
  assert.deepEqual([claim(), claim()], ["a", "b"]);
});

test("a fork of a fork waits for the first", (t) => {
  const { make, claim, end } = openQueue(t);
  make("fork", { fork: "s" });
  make("fork of it", { fork: "fork" });
  const turns = [claim(), claim()];
  end("fork");
  assert.deepEqual([...turns, claim()], ["fork", undefined, "fork of it"]);
});

test("what waits behind a session is passed over", (t) => {
  const { make, claim } = openQueue(t);
  ["a", "b"].forEach((id) => make(id, { session: "s" }));
  make("other", { priority: -1 });
  assert.deepEqual([claim(), claim()], ["a", "other"]);
});

test("a session is in use while a job has not ended, from the moment it was let in", (t) => {
  const { jobs, make, claim, start, end } = openQueue(t);
  const uses = () => jobs.uses("s");
  const seen = [uses()];
  make("a", { session: "s" });
  seen.push(uses());
  claim();
  seen.push(uses());
  start("a");
  seen.push(uses());
  end("a");
  seen.push(uses());
  assert.deepEqual(seen, [false, true, true, true, false]);
});

test("a session is in use by a fork until that has copied it, and no longer", (t) => {
  const { jobs, make, claim, start } = openQueue(t);
  make("fork", { fork: "s" });
  const seen = [jobs.uses("s")];
  claim();
  seen.push(jobs.uses("s"));
  start("fork");
  seen.push(jobs.uses("s"));
  assert.deepEqual(seen, [true, true, false]);
});

test("the database itself refuses two agents on one session", (t) => {
  const { db, make } = openQueue(t);
  ["a", "b"].forEach((id) => make(id, { session: "s" }));
  assert.throws(() => db.exec("update jobs set state = 'running'"), { code: "SQLITE_CONSTRAINT_UNIQUE" });
});
