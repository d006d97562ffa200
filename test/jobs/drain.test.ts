import assert from "node:assert/strict";
import { test } from "node:test";
import { localCaller } from "../../lib/auth/caller.ts";
import { until } from "../e2e/wait.ts";
import { openRunner, resultLine } from "./harness.ts";

const soon = { server: { shutdown_grace: "1ms" } };

test("a daemon that stops leaves the container alone and the job open", async (t) => {
  const { runner, fake, jobs, submit } = openRunner(t, soon);
  const { id } = await submit();
  const failed = assert.rejects(runner.ended(id), { code: "shutting_down" });
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  await runner.drain();
  await failed;
  assert.deepEqual([jobs.find(id)?.state, fake.asked], ["running", [`wait stromboli-${id}`]]);
});

test("a daemon that stops takes no more runs", async (t) => {
  const { runner, submit } = openRunner(t);
  await runner.drain();
  await assert.rejects(submit(), { code: "shutting_down" });
});

test("whether a daemon stops is told from the first moment", async (t) => {
  const { runner } = openRunner(t);
  const before = runner.isDraining();
  const drained = runner.drain();
  assert.deepEqual([before, runner.isDraining()], [false, true]);
  await drained;
});

test("who waits for a run has the answer when it comes within the grace", async (t) => {
  const { runner, fake, submit, resultOf } = openRunner(t, { server: { shutdown_grace: "50s" } });
  fake.state.output = resultLine;
  const { id } = await submit();
  const result = resultOf(id);
  const drained = runner.drain();
  fake.exit(id, 0);
  assert.equal((await result).output, "done");
  await drained;
});

test("a daemon that stops gives no more turns: jobs that wait are for the next one", async (t) => {
  const { runner, fake, jobs, submit, start } = openRunner(t, { ...soon, jobs: { max_running: 1 } });
  const [first, second] = [await submit({}, "job"), await submit({}, "job")];
  await until("a job that runs", () => jobs.find(first.id)?.state === "running");
  const drained = runner.drain();
  fake.exit(first.id, 0);
  await drained;
  assert.deepEqual([jobs.find(second.id)?.state, fake.started.length], ["pending", 1]);

  const next = start();
  await next.recover();
  fake.exit(second.id, 0);
  await next.ended(first.id);
  await next.ended(second.id);
  assert.equal(jobs.find(second.id)?.state, "ended");
});

test("a job whose container is being started when the daemon stops is left with the container", async (t) => {
  const { runner, fake, jobs, submit, start } = openRunner(t, soon);
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  fake.state.onStart = () => gate;
  const { id } = await submit({}, "job");
  await until("a container that starts", () => fake.started.length === 1);
  const drained = runner.drain();
  open();
  await drained;
  assert.equal(jobs.find(id)?.state, "running");

  const next = start();
  await next.recover();
  fake.exit(id, 0);
  await next.ended(id);
  assert.deepEqual([jobs.find(id)?.state, fake.started.length], ["ended", 1]);
});

test("a stream of a job that goes on ends without done when the daemon stops", async (t) => {
  const { runner, jobs, eventsOf, submit } = openRunner(t, soon);
  const { id } = await submit({}, "job");
  const events = eventsOf(id);
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  await runner.drain();
  const types = (await events).map(({ type }) => type);
  assert.deepEqual(types, ["status", "status", "status"]);
});

test("a cancel that the daemon's end overtakes says so, and the next daemon carries it out", async (t) => {
  const { runner, fake, jobs, submit, start } = openRunner(t, soon);
  const { id } = await submit({}, "job");
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  let stops = 0;
  fake.replace(
    "stop",
    (stop) =>
      (...of) =>
        stops++ === 0 ? new Promise(() => {}) : stop(...of),
  );
  const cancelled = assert.rejects(runner.cancel(localCaller, id), { code: "shutting_down" });
  await runner.drain();
  await cancelled;

  const next = start();
  await next.recover();
  await next.ended(id);
  assert.equal(jobs.find(id)?.ending?.outcome, "cancelled");
});
