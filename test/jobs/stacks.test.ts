import assert from "node:assert/strict";
import { test } from "node:test";
import { planRun } from "../../lib/policy/plan.ts";
import { configOf, mockTimers, requestOf } from "../harness.ts";
import { hostPath, rulesOf } from "../policy/facts.ts";
import { machine, never, openStacks } from "./stacking.ts";

test("services go down when their job has ended, once", async (t) => {
  const { raise, up, said, stackStore } = openStacks(t);
  const { end, release } = await raise("a");
  assert.deepEqual([...up], ["stromboli-s-a"]);
  end();
  await Promise.all([release(), release()]);
  assert.deepEqual([said, up.size, stackStore.find("a")], [["up", "down"], 0, undefined]);
});

test("services that are kept go down when their time is over", async (t) => {
  const timers = mockTimers(t);
  const { raise, up, place, stackStore } = openStacks(t);
  const { end, release } = await raise("a", true);
  end();
  await release();
  place.now += 59_000;
  timers.tick(59_000);
  assert.equal(up.size, 1);
  place.now += 1000;
  timers.tick(1000);
  while (stackStore.find("a")) await Promise.resolve();
  assert.equal(up.size, 0);
});

test("a daemon takes down what was kept too long while there was none, and not what is still wanted", async (t) => {
  const { raise, up, place, open } = openStacks(t);
  for (const session of ["old", "new"]) {
    const { end, release } = await raise(session, true);
    end();
    await release();
    place.now += 50_000;
  }
  const next = open();
  await next.recover();
  await next[Symbol.asyncDispose]();
  assert.deepEqual([...up], ["stromboli-s-new"]);
});

test("a daemon takes down the services of a job that ended just before the last one died", async (t) => {
  const { raise, up, open } = openStacks(t);
  const { end } = await raise("a");
  await raise("running");
  end();
  const next = open();
  await next.recover();
  await next[Symbol.asyncDispose]();
  assert.deepEqual([...up], ["stromboli-s-running"]);
});

test("services that are kept serve the next job of their session", async (t) => {
  const { raise, said } = openStacks(t);
  const first = await raise("a", true);
  first.end();
  await first.release();
  await raise("a", true);
  assert.deepEqual(said, ["up"]);
});

test("another file means other services", async (t) => {
  const { raise, said, place } = openStacks(t);
  const first = await raise("a", true);
  first.end();
  await first.release();
  place.file = "services: {db: {image: redis, init: true}}";
  await raise("a", true);
  assert.deepEqual(said, ["up", "down", "up"]);
});

test("services that have gone meanwhile are made anew", async (t) => {
  const { raise, said, up } = openStacks(t);
  const first = await raise("a", true);
  first.end();
  await first.release();
  up.clear();
  await raise("a", true);
  assert.deepEqual(said, ["up", "down", "up"]);
});

test("a job that begins anew after the daemon's death makes its services anew", async (t) => {
  const { raise, said, open, place } = openStacks(t);
  const { job } = await raise("a");
  const next = open();
  const rules = rulesOf({ allowed: [{ path: "/data", readOnly: false }], resolve: (path) => hostPath(path, { kind: "file" }), read: () => place.file }); // prettier-ignore
  const plan = planRun(requestOf({ podman: { environment: { type: "compose", path: "/data/c" } } }), configOf(), {
    machine,
    rules,
  });
  await next.raise(job, plan, never);
  await next[Symbol.asyncDispose]();
  assert.deepEqual(said, ["up", "down", "up"]);
});

test("a job that was cancelled, did not start or was lost keeps no services", async (t) => {
  const { raise, up } = openStacks(t);
  for (const outcome of ["cancelled", "start_failed", "lost"] as const) {
    const { end, release } = await raise(outcome, true);
    end({ outcome });
    await release();
  }
  assert.equal(up.size, 0);
});

test("what a failed start has made of the services is taken down", async (t) => {
  const { raise, said, place, stackStore } = openStacks(t);
  place.fails = true;
  const { release } = await raise("a", true);
  await release();
  assert.deepEqual([said, stackStore.find("a")], [["up", "down"], undefined]);
});

test("services of a session that is gone are kept no longer", async (t) => {
  const { raise, up, sessions, recover } = openStacks(t);
  const { end, release } = await raise("a", true);
  end();
  await release();
  sessions.remove("a");
  await recover();
  assert.equal(up.size, 0);
});

test("a stack that is to be kept is kept, though the daemon died before it could write that down", async (t) => {
  const { raise, up, open, stackStore } = openStacks(t);
  const { end } = await raise("a", true);
  end();
  const next = open();
  await next.recover();
  await next[Symbol.asyncDispose]();
  assert.deepEqual([up.size, stackStore.find("a")?.idleSince], [1, 1000]);
});

test("the next job of a session has what the last one keeps, though that one's end is not tidied up yet", async (t) => {
  const { raise, said } = openStacks(t);
  const first = await raise("a", true);
  first.end();
  await raise("a", true);
  await first.release();
  assert.deepEqual(said, ["up"]);
});

test("a job that is cancelled does not wait until the services of the one before it are down", async (t) => {
  const { raise, place, said } = openStacks(t);
  const first = await raise("a");
  first.end();
  const down = Promise.withResolvers<void>();
  place.down = down.promise;
  const released = first.release();
  const cancel = new AbortController();
  const next = raise("a", false, cancel.signal);
  cancel.abort();
  (await next).end({ outcome: "cancelled" });
  assert.deepEqual(said, ["up", "down"]);
  down.resolve();
  await released;
  const { end, release } = await raise("a");
  end();
  await release();
  assert.deepEqual(said, ["up", "down", "up", "down"]);
});

test("a stack that cannot be taken down keeps no other up", async (t) => {
  const { raise, up, open, place } = openStacks(t);
  const stuck = await raise("stuck");
  const other = await raise("other");
  stuck.end();
  other.end();
  place.stuck = "stromboli-s-stuck";
  const next = open();
  const recovering = next.recover();
  while (up.size > 1) await new Promise(setImmediate);
  assert.deepEqual([...up], ["stromboli-s-stuck"]);
  next.stop(); // and the daemon can end all the same
  await recovering;
  await next[Symbol.asyncDispose]();
});
