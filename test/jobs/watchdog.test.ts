import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { watchForIdleness, type WatchdogOptions } from "../../lib/jobs/watchdog.ts";
import { mockTimers } from "../harness.ts";

/** A watchdog whose hours pass at the test's word. */
const openWatch = (t: TestContext, options: Partial<WatchdogOptions> = {}) => {
  const timers = mockTimers(t);
  let now = 1000;
  t.mock.method(performance, "now", () => now);
  const agent = { talked: 0, cpuMs: 0, result: false, looks: 0 };
  const stop = new AbortController();
  const heard: { said: string | undefined } = { said: undefined };
  const watching = watchForIdleness(
    {
      talked: () => agent.talked,
      cpuMs: () => agent.cpuMs,
      hasResult: () => Promise.resolve((agent.looks++, agent.result)),
      stallMs: 60_000,
      exitGraceMs: 20_000,
      ...options,
    },
    stop.signal,
  );
  watching.then(
    (reason) => (heard.said = reason),
    () => (heard.said = "stopped"),
  );
  return {
    agent,
    stop,
    watching,
    said: () => heard.said,
    /** Lets seconds pass, and has the agent do something in each. */
    pass: async (seconds: number, each: () => void = () => {}): Promise<void> => {
      for (let second = 0; second < seconds && heard.said === undefined; second += 1) {
        each();
        now += 1000;
        timers.tick(1000);
        await new Promise(setImmediate);
      }
    },
  };
};

test("an agent that does nothing any more has stalled", async (t) => {
  const { pass, said } = openWatch(t);
  await pass(59);
  const before = said();
  await pass(3);
  assert.deepEqual([before, said()], [undefined, "stalled"]);
});

test("an agent that writes or talks to the model has not stalled", async (t) => {
  const { pass, agent, said } = openWatch(t);
  await pass(300, () => (agent.talked += 1));
  assert.equal(said(), undefined);
  await pass(62);
  assert.equal(said(), "stalled");
});

test("an agent that talks once in a while has not stalled", async (t) => {
  const { pass, agent, said } = openWatch(t);
  for (let times = 0; times < 5; times += 1) {
    await pass(55);
    agent.talked += 1;
  }
  assert.equal(said(), undefined);
});

test("an agent whose tools compute in silence has not stalled", async (t) => {
  const { pass, agent, said } = openWatch(t);
  await pass(300, () => (agent.cpuMs += 900));
  assert.equal(said(), undefined);
  await pass(62);
  assert.equal(said(), "stalled");
});

test("the little that an idle CLI computes is nothing", async (t) => {
  const { pass, agent, said } = openWatch(t);
  await pass(70, () => (agent.cpuMs += 10));
  assert.equal(said(), "stalled");
});

test("the CPU is not looked at while the agent talks", async (t) => {
  let looks = 0;
  const { pass, agent } = openWatch(t, { cpuMs: () => (looks++, 0) });
  await pass(100, () => (agent.talked += 1));
  assert.equal(looks, 0);
});

test("an agent that idles behind its result has finished", async (t) => {
  const { pass, agent, said } = openWatch(t);
  agent.result = true;
  await pass(19);
  const before = said();
  await pass(3);
  assert.deepEqual([before, said()], [undefined, "finished"]);
});

test("an agent that idles behind its result has finished, also when no stall is watched for", async (t) => {
  const { pass, agent, said } = openWatch(t, { stallMs: undefined });
  await pass(1000);
  const before = said();
  agent.talked += 1;
  agent.result = true;
  await pass(22);
  assert.deepEqual([before, said()], [undefined, "finished"]);
});

test("an agent that goes on behind a result has not finished", async (t) => {
  const { pass, agent, said } = openWatch(t);
  agent.result = true;
  await pass(200, () => (agent.talked += 1));
  assert.equal(said(), undefined);
});

test("whether there is a result is asked once for each silence: it takes reading", async (t) => {
  const { pass, agent } = openWatch(t, { stallMs: undefined });
  await pass(100);
  const first = agent.looks;
  agent.talked += 1;
  await pass(100);
  assert.deepEqual([first, agent.looks], [1, 2]);
});

test("an agent in its grace behind a result is finished before it has stalled", async (t) => {
  const { pass, agent, said } = openWatch(t, { stallMs: 30_000, exitGraceMs: 20_000 });
  agent.result = true;
  await pass(60);
  assert.equal(said(), "finished");
});

test("the watch ends with the run", async (t) => {
  const { watching, stop } = openWatch(t);
  stop.abort();
  await assert.rejects(watching, { name: "AbortError" });
});
