import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createJobStacks } from "../../lib/jobs/stacks.ts";
import type { StackSpec } from "../../lib/podman/stacks.ts";
import { planRun, type Machine } from "../../lib/policy/plan.ts";
import { createStackStore } from "../../lib/store/stacks.ts";
import { configOf, endingOf, memoryLog, mockTimers, newJob, openStores, requestOf, tempFolder } from "../harness.ts";
import { hostPath, rulesOf } from "../policy/facts.ts";

const machine: Machine = { rootless: true, uid: 1, gid: 1, selinux: false, stateLabel: "s" };
const never = new AbortController().signal;
const image = {
  id: "sha256:1",
  names: [],
  digest: "",
  architecture: "",
  path: "",
  bytes: 0,
  createdAt: "",
  labels: {},
};

/** The real rows; what is up, the test's own. */
const openStacks = (t: TestContext, { file = "services: {db: {image: redis}}" } = {}) => {
  const { db, jobs, sessions } = openStores(t);
  const stackStore = createStackStore(db);
  const config = configOf({ compose: { stack_ttl: "1m" } });
  const up = new Set<string>();
  const said: string[] = [];
  const place = { now: 1000, file, fails: false };
  const stacks = {
    up: async ({ name }: StackSpec) => {
      said.push("up");
      if (place.fails) throw new Error("no");
      up.add(name);
    },
    stands: async ({ name }: StackSpec) => up.has(name),
    down: async (name: string) => {
      said.push("down");
      up.delete(name);
    },
  };
  const images = {
    listed: async () => ({ ...image, health: undefined }),
    describe: async () => Promise.reject(new Error("not here")),
  };
  const pulls = { join: () => ({ done: Promise.reject(new Error("not here")), lines: async function* () {} }) };
  const open = () =>
    createJobStacks({
      config, machine, jobsFolder: tempFolder(t), jobs, stackStore, stacks, images, pulls, log: memoryLog().log,
      now: () => place.now,
    }); // prettier-ignore
  const own = open();
  t.after(() => own[Symbol.asyncDispose]());

  const raise = async (session: string, keep = false) => {
    const environment = { type: "compose" as const, path: "/data/compose.yaml", keep };
    const request = requestOf({ podman: { environment } });
    const rules = rulesOf({
      allowed: [{ path: "/data", readOnly: false }],
      resolve: (path) => hostPath(path, { kind: "file" }),
      read: () => place.file,
    });
    const plan = planRun(request, config, { machine, rules });
    const made = newJob({ sessionId: session, request });
    jobs.insert(made);
    if (!sessions.find(session))
      sessions.insert({ id: session, owner: "local", title: "", workdir: "/workspace", createdAt: 1 });
    const job = jobs.claim(1);
    if (!job) throw new Error("the job has no turn");
    await own.raise(job, plan, never).catch(() => {});
    jobs.started(job.id, 1);
    return {
      job,
      end: (more: Parameters<typeof endingOf>[0] = {}) => jobs.ended(job.id, endingOf(more)),
      release: () => own.release(job),
    };
  };
  return { recover: () => own.recover(), raise, up, said, place, stackStore, sessions, open };
};

test("services go down when their job has ended, once", async (t) => {
  const { raise, up, said, stackStore } = openStacks(t);
  const { end, release } = await raise("a");
  assert.deepEqual([...up], ["stromboli-a"]);
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
  assert.deepEqual([...up], ["stromboli-new"]);
});

test("a daemon takes down the services of a job that ended just before the last one died", async (t) => {
  const { raise, up, open } = openStacks(t);
  const { end } = await raise("a");
  await raise("running");
  end();
  const next = open();
  await next.recover();
  await next[Symbol.asyncDispose]();
  assert.deepEqual([...up], ["stromboli-running"]);
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
