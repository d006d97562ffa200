import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { untilItWorks } from "../lib/persist.ts";
import { memoryLog, mockTimers } from "./harness.ts";

const settle = async () => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
};

const fail = () => {
  throw new Error("disk full");
};

/** Work that fails so often, and hours that pass at the test's word. */
const openWork = (t: TestContext, failures: number) => {
  const timers = mockTimers(t);
  const { log, lines } = memoryLog();
  const stop = new AbortController();
  const tries: number[] = [];
  let now = 0;
  const work = () => {
    tries.push(now);
    if (tries.length <= failures) throw new Error("disk full");
    return Promise.resolve("written");
  };
  return {
    tries,
    lines,
    stop,
    result: untilItWorks(work, { what: "a row", log, signal: stop.signal }),
    pass: async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 250) {
        now += 250;
        timers.tick(250);
        await settle();
      }
    },
  };
};

test("work that succeeds is done once, and nothing is logged", async (t) => {
  const { result, tries, lines } = openWork(t, 0);
  assert.deepEqual([await result, tries, lines], ["written", [0], []]);
});

test("work that fails is done again, after pauses that grow up to 15 seconds", async (t) => {
  const { result, tries, pass } = openWork(t, 9);
  await pass(80_000);
  assert.equal(await result, "written");
  const pauses = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
  assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
});

test("a failure is logged with what failed and why", async (t) => {
  const { result, lines, pass } = openWork(t, 1);
  await pass(250);
  await result;
  assert.equal(lines.length, 1);
  const { level, msg, error } = JSON.parse(lines[0] ?? "{}") as Record<string, unknown>; // a line of our own log
  assert.deepEqual([level, msg, error], ["error", "a row failed; trying again", "disk full"]);
});

test("a daemon that stops leaves the work to the next one, at once", async (t) => {
  const { result, tries, stop } = openWork(t, 100);
  await settle();
  const failed = assert.rejects(result, { code: "shutting_down", message: /a row is left to the next one/ });
  stop.abort();
  await failed;
  assert.equal(tries.length, 1);
});

test("work is tried once even if the daemon stops already", async () => {
  const { log } = memoryLog();
  const options = { what: "a row", log, signal: AbortSignal.abort() };
  assert.equal(await untilItWorks(() => "written", options), "written");
  await assert.rejects(untilItWorks(fail, options), { code: "shutting_down" });
});
