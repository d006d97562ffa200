import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { waiting } from "./requests.ts";
import { makeStandIn } from "./stand-in.ts";

const jobs = { max_output: "2m", stall_timeout: "5s", exit_grace: "2s" };
const binary = makeStandIn({ after });
const stromboli = await startStromboli({ after }, { config: { claude: { binary }, jobs } });
const real = await startStromboli({ after }, { config: { jobs: { ...jobs, stall_timeout: "8s" } } }); // its start is longer

/** A job from its request to its end. */
const through = async (request: object, on = stromboli) => {
  const { body } = await on.submit({ prompt: "", ...request });
  const id = String(body.job_id);
  return on.ended(id);
};
type Job = Awaited<ReturnType<typeof through>>;
const msOf = ({ timings_ms }: Job) => timings_ms.agent;
/** What a busy machine makes longer, never shorter: it may take seconds until a start is seen. */
const sinceQueued = ({ queued_at, ended_at }: Job) => Date.parse(String(ended_at)) - Date.parse(queued_at);

// All at once, as each of them takes its time.
const [runaway, noisy, silent, idle, busy, talking, lingering, stubborn, goingOn] = await Promise.all([
  through({ prompt: 'yes \'{"type":"test"}\'' }),
  through({ prompt: "yes >&2" }),
  through({ prompt: "exec sleep 60" }),
  through(waiting(), real),
  through({ prompt: "timeout 10 sh -c 'while :; do :; done'; answer hi", podman: { cpus: "0.25" } }),
  through({ prompt: "slow 40 250" }, real),
  through({ prompt: "answer hi; exec sleep 60" }),
  through({ prompt: "trap '' INT TERM; answer hi; sleep 60" }),
  through({ prompt: "answer first; for i in 1 2 3 4 5 6; do sleep 1; echo $i; done; answer last" }),
]);

test("an agent that writes more than jobs.max_output is ended as output_limit, and its log is no longer than that", async () => {
  assert.deepEqual([runaway.status, runaway.outcome], ["failed", "output_limit"]);
  assert.match(String(runaway.error), /jobs\.max_output/);
  assert.ok(msOf(runaway) < 20_000, `${msOf(runaway)} ms`);
  const { length } = await stromboli.logOf(runaway.id);
  assert.ok(length > 1_900_000 && length < 2_300_000, `${length} bytes`);
});

test("the events of a job that wrote too much are its log, whole lines all of them", async () => {
  const events = await stromboli.events(runaway.id);
  const lines = events.filter(({ event }) => event === "output").map(({ data }) => `${data}\n`);
  assert.equal(lines.join("") === String(await stromboli.logOf(runaway.id)), true);
  assert.deepEqual([new Set(lines).size, events.at(-1)?.event], [1, "done"]);
});

test("stderr counts towards jobs.max_output as well, and is cut as well", async () => {
  assert.equal(noisy.outcome, "output_limit");
  const { length } = await stromboli.logOf(noisy.id, "?stream=stderr");
  assert.ok(length < 2_300_000, `${length} bytes`);
});

test("the session of a job that wrote too much can be resumed", async () => {
  const { body } = await stromboli.run({
    prompt: "answer hi",
    claude: { session_id: runaway.session_id, resume: true },
  });
  assert.equal(body.output, "hi");
});

test("an agent that does nothing for jobs.stall_timeout is ended as stalled", () => {
  assert.deepEqual([silent.status, silent.outcome], ["failed", "stalled"]);
  assert.match(String(silent.error), /jobs\.stall_timeout/);
  assert.ok(msOf(silent) >= 5000 && msOf(silent) < 25_000, `${msOf(silent)} ms`);
});

test("the real CLI that waits for a tool which does nothing is ended as stalled, with the usage so far", () => {
  assert.equal(idle.outcome, "stalled", idle.error);
  assert.ok((idle.usage?.total_tokens ?? 0) > 0, JSON.stringify(idle));
});

test("an agent that is silent and uses CPU is left alone", () => {
  assert.deepEqual([busy.outcome, busy.output], ["succeeded", "hi"]);
  assert.ok(sinceQueued(busy) >= 10_000);
});

test("an agent that listens to the model for long is left alone", () => {
  assert.deepEqual([talking.outcome, talking.error], ["succeeded", undefined]);
  assert.ok(sinceQueued(talking) >= 9000, `${sinceQueued(talking)} ms`);
});

test("an agent that gave its result and does not exit is ended after jobs.exit_grace, and the result counts", () => {
  assert.deepEqual([lingering.outcome, lingering.output, lingering.exit_code], ["succeeded", "hi", 130]);
  assert.deepEqual([lingering.crash_info, lingering.error], [undefined, undefined]);
  assert.ok(msOf(lingering) >= 2000 && msOf(lingering) < 20_000, `${msOf(lingering)} ms`);
});

test("one that does not heed the signal then is killed, and its result counts all the same", () => {
  assert.deepEqual([stubborn.outcome, stubborn.output, stubborn.exit_code], ["succeeded", "hi", 137]);
});

test("an agent that goes on after a result is left alone, and its last result counts", () => {
  assert.deepEqual([goingOn.outcome, goingOn.output, goingOn.exit_code], ["succeeded", "last", 0]);
});
