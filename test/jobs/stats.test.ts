import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { localCaller } from "../../lib/auth/caller.ts";
import { createStats } from "../../lib/jobs/stats.ts";
import { newJob, openStores } from "../harness.ts";

const used = { cpuMs: 5, memoryBytes: 6, memoryLimitBytes: 7 };

/** Jobs in containers whose processes are their numbers, and how often Podman was asked for these. */
const open = (t: TestContext) => {
  const { jobs, list, requests } = openStores(t);
  const states = new Map<string, { status: string; pid: number }>();
  const asked = { times: 0 };
  const statsOf = createStats({
    jobs,
    list,
    requests,
    containers: { states: () => ((asked.times += 1), Promise.resolve(states)) },
    label: "stromboli.state=s",
    now: () => 10_000,
    consumption: (pid) => ({ ...used, cpuMs: pid }),
  });
  const add = (pid: number): string => {
    const job = newJob();
    jobs.insert(job);
    jobs.claim(2000);
    if (pid === 0) return job.id;
    jobs.started(job.id, 3000);
    states.set(job.container, { status: "running", pid });
    return job.id;
  };
  return { add, asked, stats: async () => (await statsOf(localCaller)).jobs };
};

test("each job has what its container uses, the oldest first", async (t) => {
  const { add, stats } = open(t);
  const ids = [add(11), add(12)];
  const found = await stats();
  assert.deepEqual(
    found.map(({ id, cpu_ms, memory_bytes, memory_limit_bytes }) => [id, cpu_ms, memory_bytes, memory_limit_bytes]),
    [
      [ids[0], 11, 6, 7],
      [ids[1], 12, 6, 7],
    ],
  );
  assert.equal(found[0]?.started_at, "1970-01-01T00:00:03.000Z");
});

test("a job that starts uses nothing yet, and Podman is not asked about it", async (t) => {
  const { add, stats, asked } = open(t);
  add(0);
  const [job] = await stats();
  assert.deepEqual([job?.phase, job?.started_at, job?.cpu_ms, asked.times], ["starting", null, null, 0]);
});

test("Podman is asked once about a container, and not at all before there is one", async (t) => {
  const { add, stats, asked } = open(t);
  await stats();
  assert.equal(asked.times, 0);
  add(11);
  await stats();
  await stats();
  assert.equal(asked.times, 1);
  add(12);
  await stats();
  assert.equal(asked.times, 2);
});
