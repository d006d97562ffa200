import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli, type Stromboli } from "./harness.ts";
import { waiting } from "./requests.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after });
const { show, cancel, run } = stromboli;
/** Where the agent's part in it does not matter. */
const other = await startStromboli(
  { after },
  { config: { claude: { binary: makeStandIn({ after }) }, jobs: { max_running: 1 }, podman: { stop_grace: "2s" } } },
);

/** A job whose agent is at work. */
const atWork = async (on: Stromboli, request: object) => {
  const session_id = randomUUID();
  const { body } = await on.submit({ ...request, claude: { dangerously_skip_permissions: true, session_id } });
  await until("the agent", () => existsSync(join(on.workspace(session_id), "begun")));
  return { id: String(body.job_id), session_id };
};
const gone = (id: string, on = stromboli) =>
  until("its end", async () => !(await on.containers()).includes(`stromboli-${id}`));

const { id, session_id } = await atWork(stromboli, waiting());
const began = performance.now();
const answers = await Promise.all([cancel(id), cancel(id)]);
const tookMs = performance.now() - began;
const job = await show(id);

test("a job that runs is cancelled within seconds, and its container goes", async () => {
  assert.deepEqual(answers[0], { status: 200, body: { cancelled: true, job_id: id } });
  assert.deepEqual([job.status, job.outcome, job.error], ["cancelled", "cancelled", "the run was cancelled"]);
  assert.ok(tookMs < 10_000, `${tookMs} ms`);
  await gone(id);
});

test("two that cancel a job at the same time are both told that it is cancelled", () => {
  assert.deepEqual(answers[1], answers[0]);
});

test("a job that is cancelled already cannot be cancelled again", async () => {
  const { status, body } = await cancel(id);
  assert.deepEqual([status, body["code"]], [409, "job_ended"]);
});

test("a cancelled job tells what it has used up", () => {
  assert.ok((job.usage?.input_tokens ?? 0) > 0 && (job.usage?.output_tokens ?? 0) > 0, JSON.stringify(job.usage));
});

test("a cancelled job has its events and its log", async () => {
  const events = await stromboli.events(id);
  assert.deepEqual(events.at(0)?.data.includes('"pending"'), true);
  assert.deepEqual([events.at(-1)?.event, JSON.parse(events.at(-1)?.data ?? "")], ["done", job]);
  assert.match(String(await stromboli.logOf(id)), /"name":"Bash"/);
});

test("the session of a cancelled job can be resumed", async () => {
  const { body } = await run({ prompt: "recall", claude: { session_id, resume: true } });
  assert.equal(body.outcome, "succeeded");
  assert.match(body.output ?? "", /touch begun/);
});

test("a synchronous run can be cancelled by its id, and its client gets the result", async () => {
  const session = randomUUID();
  const answer = other.run({ prompt: "hold", claude: { session_id: session } });
  await until("the agent", () => existsSync(join(other.workspace(session), "begun")));
  const { id: runId } = await other.job(session, "running");
  const { status } = await other.cancel(runId);
  const { body } = await answer;
  assert.deepEqual([status, body.id, body.status, body.outcome], [200, runId, "cancelled", "cancelled"]);
});

test("a job that is cancelled while it starts ends as cancelled, and leaves no container", async () => {
  const { body } = await other.submit({ prompt: "answer hi" });
  const starting = String(body.job_id);
  const { status } = await other.cancel(starting);
  const { outcome } = await other.ended(starting);
  assert.deepEqual([status, outcome], [200, "cancelled"]);
  await gone(starting, other);
});

test("a job that waits is cancelled at once, and never starts", async () => {
  const blocker = await atWork(other, { prompt: "hold" });
  const { body } = await other.submit({ prompt: "answer hi" });
  const pending = String(body.job_id);
  const { status } = await other.cancel(pending);
  await other.cancel(blocker.id);
  const { outcome, started_at, exit_code, usage } = await other.show(pending);
  assert.deepEqual([status, outcome, started_at, exit_code, usage], [200, "cancelled", null, null, undefined]);
  assert.equal((await other.run({ prompt: "answer hi" })).status, 200); // its turn would have come
  assert.equal(existsSync(join(other.place.state, "jobs", pending)), false);
  assert.deepEqual([other.knowsSession(String(body.session_id)), other.log().includes(`"${pending}"`)], [false, false]);
  const [first, last] = await other.events(pending);
  assert.deepEqual([first?.event, last?.event, last?.id], ["status", "done", "2"]);
});

test("an agent that does not heed the signal is killed after podman.stop_grace", async () => {
  const { id: stubborn } = await atWork(other, { prompt: "trap 'echo heard >&2' INT TERM; hold" });
  const from = performance.now();
  const { status } = await other.cancel(stubborn);
  const ms = performance.now() - from;
  const { outcome, exit_code, crash_info } = await other.show(stubborn);
  assert.deepEqual([status, outcome, exit_code, crash_info?.signal], [200, "cancelled", 137, "SIGKILL"]);
  assert.ok(ms >= 2000, `${ms} ms`);
  assert.match(String(await other.logOf(stubborn, "?stream=stderr")), /heard/);
});
