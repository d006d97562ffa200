import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { localCaller } from "../../lib/auth/caller.ts";
import { until } from "../e2e/wait.ts";
import { openRunner, resultLine } from "./harness.ts";

const oneAtATime = { jobs: { max_running: 1 } };

test("a run whose caller gives up is stopped and cancelled", async (t) => {
  const { runner, fake, jobs, submit } = openRunner(t);
  const { id } = await submit();
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  await runner.cancel(localCaller, id);
  assert.deepEqual([jobs.find(id)?.ending?.outcome, fake.asked[1]], ["cancelled", `stop stromboli-${id}`]);
});

test("of two who cancel one job both are told, and it is stopped once", async (t) => {
  const { runner, fake, jobs, submit } = openRunner(t);
  const { id } = await submit();
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  await Promise.all([runner.cancel(localCaller, id), runner.cancel(localCaller, id)]);
  const stops = fake.asked.filter((asked) => asked === `stop stromboli-${id}`);
  assert.deepEqual([jobs.find(id)?.ending?.outcome, stops.length], ["cancelled", 1]);
});

test("a job that is cancelled while it waits never starts", async (t) => {
  const { runner, fake, jobs, submit } = openRunner(t, oneAtATime);
  const [first, second] = [await submit({}, "job"), await submit({}, "job")];
  await runner.cancel(localCaller, second.id);
  assert.equal(jobs.find(second.id)?.ending?.outcome, "cancelled");
  fake.exit(first.id, 0);
  await runner.ended(first.id);
  await runner.drain();
  assert.deepEqual(
    fake.started.map(({ name }) => name),
    [`stromboli-${first.id}`],
  );
});

test("who waits for a job that is cancelled in the queue is told that it was cancelled", async (t) => {
  const { runner, fake, views, submit } = openRunner(t, oneAtATime);
  const [first, second] = [await submit(), await submit()];
  const ended = runner.ended(second.id);
  await runner.cancel(localCaller, second.id);
  await ended;
  const { status, outcome, error, started_at, exit_code } = await views.run(second.id);
  assert.deepEqual([status, outcome, started_at, exit_code], ["cancelled", "cancelled", null, null]);
  assert.match(error ?? "", /cancelled before it began/);
  fake.exit(first.id, 0);
});

test("a job that is cancelled while it waits leaves no session, and its end is told", async (t) => {
  const { runner, fake, sessionStore, submit, told } = openRunner(t, oneAtATime);
  const [first, second] = [await submit({}, "job"), await submit({}, "job")];
  await runner.cancel(localCaller, second.id);
  assert.deepEqual([sessionStore.find(second.sessionId), told.ends], [undefined, 1]);
  fake.exit(first.id, 0);
});

test("the next job on the session of one that is cancelled in the queue has its turn", async (t) => {
  const { runner, fake, jobs, submit } = openRunner(t, { jobs: { max_running: 2 } });
  const session_id = randomUUID();
  const resume = { claude: { session_id, resume: true } };
  const first = await submit({ claude: { session_id } }, "job");
  const [second, third] = [await submit(resume, "job"), await submit(resume, "job")];
  await runner.cancel(localCaller, second.id);
  fake.exit(first.id, 0);
  await until("the third job", () => jobs.find(third.id)?.state === "running");
  fake.exit(third.id, 0);
});

test("a job that is cancelled while its container starts is stopped as soon as it runs", async (t) => {
  const { runner, fake, jobs, submit } = openRunner(t);
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  fake.state.onStart = () => gate;
  const { id } = await submit({}, "job");
  await until("a container that starts", () => fake.started.length === 1);
  const cancelled = runner.cancel(localCaller, id);
  open();
  await cancelled;
  assert.deepEqual([jobs.find(id)?.ending?.outcome, fake.asked[1]], ["cancelled", `stop stromboli-${id}`]);
});

test("a job that is cancelled while its container fails to start was cancelled", async (t) => {
  const { runner, fake, jobs, submit } = openRunner(t);
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  fake.state.onStart = () => gate;
  fake.state.startsWith = 125;
  const { id } = await submit({}, "job");
  await until("a container that starts", () => fake.started.length === 1);
  const cancelled = runner.cancel(localCaller, id);
  open();
  await cancelled;
  assert.equal(jobs.find(id)?.ending?.outcome, "cancelled");
});

test("a cancelled job stays cancelled though its agent gives a result", async (t) => {
  const { runner, fake, jobs, submit, resultOf } = openRunner(t);
  fake.state.output = resultLine;
  const { id } = await submit();
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  const result = resultOf(id);
  await runner.cancel(localCaller, id);
  const { outcome, status, output, crash_info } = await result;
  assert.deepEqual([outcome, status, output, crash_info?.task_completed], ["cancelled", "cancelled", "done", false]);
});

test("a job that has ended cannot be cancelled", async (t) => {
  const { runner, fake, submit } = openRunner(t);
  const { id } = await submit();
  fake.exit(id, 0);
  await runner.ended(id);
  await assert.rejects(runner.cancel(localCaller, id), { code: "job_ended" });
});

test("a job that was cancelled cannot be cancelled again", async (t) => {
  const { runner, fake, submit } = openRunner(t, oneAtATime);
  const [first, second] = [await submit({}, "job"), await submit({}, "job")];
  await runner.cancel(localCaller, second.id);
  await assert.rejects(runner.cancel(localCaller, second.id), { code: "job_ended" });
  fake.exit(first.id, 0);
});

test("a job that is being ended for another reason is not cancelled", async (t) => {
  const { runner, fake, jobs, submit } = openRunner(t);
  fake.replace("stop", () => () => Promise.resolve());
  const { id } = await submit({ podman: { timeout: "1ms" } });
  await until("a job that is stopped", () => jobs.find(id)?.stopReason === "timed_out");
  await assert.rejects(runner.cancel(localCaller, id), { code: "job_ended", message: /timed_out/ });
  fake.exit(id, 130);
});

test("a job that is not there cannot be cancelled", async (t) => {
  const { runner } = openRunner(t);
  await assert.rejects(runner.cancel(localCaller, "job-0"), { code: "job_not_found" });
});
