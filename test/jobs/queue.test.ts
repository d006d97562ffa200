import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createQueue, maxRunningOf } from "../../lib/jobs/queue.ts";
import { memoryLog, mockTimers, newJob, openStores, requestOf } from "../harness.ts";

type Options = { maxRunning?: number; maxQueued?: number; perCaller?: { maxRunning: number; maxQueued: number } };
const noLimit = { maxRunning: 0, maxQueued: 0 };

/** A queue over real rows; its jobs run until the test ends them. */
const openQueue = (t: TestContext, { maxRunning = 1, maxQueued = 10, perCaller = noLimit }: Options = {}) => {
  const { jobs } = openStores(t);
  const { log, lines } = memoryLog();
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const claims = { count: 0, fail: false };
  const claim = (at: number, mostOfOne?: number) => {
    claims.count += 1;
    if (claims.fail) throw new Error("SQLITE_FULL");
    return jobs.claim(at, mostOfOne);
  };
  const deps = { jobs: { claim, pending: jobs.pending }, maxRunning, maxQueued, perCaller, log, now: () => 1 };
  const queue = createQueue(deps, ({ id }) => {
    started.push(id);
    return new Promise((done) => ends.set(id, done));
  });
  return {
    jobs,
    queue,
    started,
    claims,
    lines,
    add: (id: string, { priority = 0, owner = "local" } = {}): string => {
      jobs.insert(newJob({ id, owner, container: id, request: requestOf({ priority }) }));
      return id;
    },
    /** Ends a job, and waits until the queue has seen it. */
    end: async (id: string): Promise<void> => {
      ends.get(id)?.();
      await new Promise(setImmediate);
    },
  };
};

test("jobs start as far as there are places", (t) => {
  const { queue, add, started } = openQueue(t, { maxRunning: 2 });
  ["a", "b", "c"].forEach((id) => add(id));
  queue.dispatch();
  assert.deepEqual(started, ["a", "b"]);
});

test("an end gives its place to the next, of the highest priority first", async (t) => {
  const { queue, add, end, started } = openQueue(t);
  for (const [id, priority] of [["a", 0], ["b", 0], ["c", 5], ["d", 0]] as const) add(id, { priority }); // prettier-ignore
  queue.dispatch();
  for (const id of ["c", "a", "b"]) await end(id);
  assert.deepEqual(started, ["c", "a", "b", "d"]);
});

test("while nothing happens the database is not asked", async (t) => {
  const timers = mockTimers(t);
  const { queue, add, claims } = openQueue(t);
  add("a");
  queue.dispatch();
  const asked = claims.count;
  timers.tick(3_600_000);
  await new Promise(setImmediate);
  assert.equal(claims.count, asked);
});

test("without a free place the database is not asked at all", (t) => {
  const { queue, add, claims } = openQueue(t);
  add("a");
  queue.dispatch();
  const asked = claims.count;
  queue.dispatch();
  assert.equal(claims.count, asked);
});

test("a turn that could not be given is given a moment later", (t) => {
  const timers = mockTimers(t);
  const { queue, add, claims, started, lines } = openQueue(t);
  add("a");
  claims.fail = true;
  queue.dispatch();
  queue.dispatch();
  timers.tick(1000);
  assert.deepEqual([started, claims.count], [[], 3]); // the two asked for one more look
  claims.fail = false;
  timers.tick(1000);
  assert.deepEqual(started, ["a"]);
  assert.match(lines.join(""), /no job could be given its turn; trying again.*/);
});

test("a closed queue gives no more turns, whatever ends or was to be tried again", async (t) => {
  const timers = mockTimers(t);
  const { queue, add, end, claims, started } = openQueue(t);
  ["a", "b"].forEach((id) => add(id));
  queue.dispatch();
  claims.fail = true;
  await end("a");
  queue.close();
  claims.fail = false;
  timers.tick(10_000);
  queue.dispatch();
  assert.deepEqual([started, queue.isOpen()], [["a"], false]);
});

test("a job that had its turn in an earlier daemon runs at once, and takes a place", async (t) => {
  const { queue, add, started } = openQueue(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  const resumed = [queue.resume(() => promise), queue.resume(() => promise)];
  add("a");
  queue.dispatch();
  assert.deepEqual(started, []);
  resolve();
  await Promise.all(resumed);
  assert.deepEqual(started, ["a"]);
});

for (const [title, maxRunning, maxQueued, room] of [
  ["a free place and none that may wait", 1, 0, 1],
  ["a free place and one that may wait", 1, 1, 2],
  ["three free places and two that may wait", 3, 2, 5],
] as const) {
  test(`with ${title} there is room for ${room}`, (t) => {
    const { queue, add } = openQueue(t, { maxRunning, maxQueued });
    for (let count = 0; count < room; count += 1) {
      queue.checkRoom("local");
      add(`j${count}`);
    }
    assert.throws(() => queue.checkRoom("local"), {
      code: "queue_full",
      message: new RegExp(`${maxQueued} jobs are waiting`),
    });
  });
}

test("jobs that run do not count as waiting", (t) => {
  const { queue, add } = openQueue(t, { maxRunning: 1, maxQueued: 1 });
  add("a");
  queue.dispatch();
  queue.checkRoom("local");
  add("b");
  assert.throws(() => queue.checkRoom("local"), { code: "queue_full" });
});

test("a closed queue has no room", (t) => {
  const { queue } = openQueue(t);
  queue.close();
  assert.throws(() => queue.checkRoom("local"), { code: "shutting_down" });
});

const gigabyte = 1024 ** 3;
for (const [memoryGb, cores, jobMb, count] of [
  [64, 2, 512, 8], // cores bound it
  [8, 64, 512, 10], // memory bounds it: 6 GiB by 576 MiB
  [1, 4, 2048, 1], // never less than one
  [16, 8, 512, 21],
] as const) {
  test(`${memoryGb} GB and ${cores} cores run ${count} jobs of ${jobMb} MB at once`, () => {
    assert.equal(maxRunningOf({ memoryBytes: memoryGb * gigabyte, cores }, jobMb * 1024 ** 2), count);
  });
}

test("a caller with as many at work as one may have waits, and lets others by", async (t) => {
  const { queue, add, end, started } = openQueue(t, { maxRunning: 3, perCaller: { maxRunning: 1, maxQueued: 0 } });
  add("a1", { owner: "a", priority: 9 });
  add("a2", { owner: "a", priority: 9 });
  add("b1", { owner: "b" });
  queue.dispatch();
  assert.deepEqual(started, ["a1", "b1"]);
  await end("b1");
  assert.deepEqual(started, ["a1", "b1"]);
});

test("a caller has room for as many waiting jobs as one may have, whatever others have", (t) => {
  const { queue, add } = openQueue(t, { perCaller: { maxRunning: 0, maxQueued: 2 } });
  add("b1", { owner: "b" });
  for (const id of ["a1", "a2"]) {
    queue.checkRoom("a");
    add(id, { owner: "a" });
  }
  assert.throws(() => queue.checkRoom("a"), { code: "too_many_jobs", message: /^2 jobs of a are waiting already; / });
  queue.checkRoom("b");
});
