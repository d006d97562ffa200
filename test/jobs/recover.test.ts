import assert from "node:assert/strict";
import { test } from "node:test";
import type { Inspected } from "../../lib/podman/containers.ts";
import { until } from "../e2e/wait.ts";
import { running } from "./containers.ts";
import { resultLine } from "./harness.ts";
import { openLeft } from "./left-jobs.ts";

const exited: Inspected = { ...running, status: "exited" };
const created: Inspected = { ...running, status: "created" };

for (const [state, container, inspected, { outcome, starts, removed }] of [
  ["pending", "absent", undefined, { outcome: "succeeded", starts: 1, removed: false }],
  ["starting", "absent", undefined, { outcome: "succeeded", starts: 1, removed: false }],
  ["starting", "created", created, { outcome: "succeeded", starts: 1, removed: true }],
  ["starting", "running", running, { outcome: "agent_error", starts: 0, removed: false }],
  ["starting", "exited", exited, { outcome: "agent_error", starts: 0, removed: false }],
  ["running", "absent", undefined, { outcome: "lost", starts: 0, removed: false }],
  ["running", "running", running, { outcome: "agent_error", starts: 0, removed: false }],
  ["running", "exited", exited, { outcome: "agent_error", starts: 0, removed: false }],
] as const) {
  const what = starts > 0 ? "begun anew" : "taken up";
  test(`a job that was left ${state}, its container ${container}, is ${what}`, async (t) => {
    const { runner, fake, jobs, leave } = openLeft(t);
    const { id, container: name } = leave({ state });
    fake.state.inspected = inspected;
    fake.exit(id, outcome === "lost" ? undefined : 0);
    await runner.recover();
    await runner.ended(id);
    assert.deepEqual([jobs.find(id)?.ending?.outcome, fake.started.length], [outcome, starts]);
    assert.equal(fake.asked[0] === `remove ${name}`, removed);
  });
}

for (const [state, inspected, starts] of [
  ["starting", undefined, 0],
  ["starting", created, 0],
  ["starting", running, 0],
  ["running", running, 0],
] as const) {
  test(`a cancel of a job that was left ${state}, its container ${inspected?.status ?? "absent"}, is carried out`, async (t) => {
    const { runner, fake, jobs, leave, told, sessionFolders } = openLeft(t);
    const { id } = leave({ state });
    jobs.stopping(id, "cancelled", 1);
    fake.state.inspected = inspected;
    await runner.recover();
    await runner.ended(id);
    await runner.drain();
    assert.deepEqual([jobs.find(id)?.ending?.outcome, fake.started.length, told.ends], ["cancelled", starts, 1]);
    assert.deepEqual(sessionFolders(), []);
  });
}

test("a container that still runs is waited for, its door open again", async (t) => {
  const { runner, fake, doors, leave, views } = openLeft(t);
  const { id, container } = leave({ state: "running", output: resultLine });
  await runner.recover();
  await until("the wait", () => fake.asked.length > 0);
  assert.equal((await views.job(id)).status, "running");
  fake.exit(id, 0);
  await runner.ended(id);
  await runner.drain();
  assert.deepEqual([doors, fake.asked], [
    [`open ${id}`, `close ${id}`],
    [`wait ${container}`, `remove ${container}`],
  ]); // prettier-ignore
  assert.equal((await views.run(id)).output, "done");
});

test("a container that vanished after it had written its result has that result", async (t) => {
  const { runner, fake, jobs, leave } = openLeft(t);
  const { id, sessionId } = leave({ state: "running", output: resultLine });
  fake.state.inspected = undefined;
  fake.exit(id, undefined);
  await runner.recover();
  await runner.ended(id);
  assert.deepEqual([jobs.find(id)?.ending?.outcome, jobs.uses(sessionId)], ["succeeded", false]);
});

test("a container that vanished while it was being started, and had written by then, is not begun anew", async (t) => {
  const { runner, fake, jobs, leave } = openLeft(t);
  const { id } = leave({ state: "starting", output: resultLine });
  fake.state.inspected = undefined;
  fake.exit(id, undefined);
  await runner.recover();
  await runner.ended(id);
  assert.deepEqual([jobs.find(id)?.ending?.outcome, fake.started.length], ["succeeded", 0]);
});

test("a container that vanished before is a run that was lost, its session free again", async (t) => {
  const { runner, fake, jobs, leave } = openLeft(t);
  const { id, sessionId } = leave({ state: "running" });
  fake.state.inspected = undefined;
  fake.exit(id, undefined);
  await runner.recover();
  await runner.ended(id);
  assert.deepEqual([jobs.find(id)?.ending?.outcome, jobs.uses(sessionId)], ["lost", false]);
});

test("a run that ended in time did so, though the daemon came back after its deadline", async (t) => {
  const { fake, jobs, start, leave } = openLeft(t);
  const { id } = leave({ state: "running", output: resultLine });
  fake.state.inspected = exited;
  const next = start({ now: () => Date.now() + 86_400_000 });
  await next.recover();
  fake.exit(id, 0);
  await next.ended(id);
  assert.equal(jobs.find(id)?.ending?.outcome, "succeeded");
});

test("a job whose time ran out while no daemon ran is stopped at once", async (t) => {
  const { jobs, start, leave } = openLeft(t);
  const { id } = leave({ state: "running", output: resultLine });
  const next = start({ now: () => Date.now() + 86_400_000 });
  await next.recover();
  await next.ended(id);
  assert.equal(jobs.find(id)?.ending?.outcome, "timed_out");
});

test("a run is counted once, however often it is recovered", async (t) => {
  const { runner, fake, start, sessionStore, leave } = openLeft(t);
  const { id, sessionId } = leave({ state: "running", output: resultLine });
  fake.exit(id, 0);
  await runner.recover();
  await runner.ended(id);
  await start().recover();
  assert.equal(sessionStore.find(sessionId)?.runs, 1);
});

test("jobs that were left open are as many as there were, whatever may run at once", async (t) => {
  const { runner, fake, jobs, leave } = openLeft(t, { jobs: { max_running: 1 } });
  const left = [leave({ state: "running" }), leave({ state: "running" })];
  const waiting = leave({ state: "pending" });
  await runner.recover();
  await until("both", () => fake.asked.filter((asked) => asked.startsWith("wait")).length === 2);
  assert.equal(jobs.find(waiting.id)?.state, "pending");
  for (const { id } of [...left, waiting]) fake.exit(id, 0);
  await runner.ended(waiting.id);
  assert.equal(fake.started.length, 1);
});

test("a broker that cannot be opened again does not keep a job from its end", async (t) => {
  const { fake, jobs, start, leave, lines } = openLeft(t);
  const { id } = leave({ state: "running", output: resultLine });
  const next = start({ broker: { open: () => Promise.reject(new Error("EADDRINUSE")) } });
  await next.recover();
  fake.exit(id, 0);
  await next.ended(id);
  assert.equal(jobs.find(id)?.ending?.outcome, "succeeded");
  assert.match(lines.join(""), /broker of a job cannot be opened/);
});
