import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createBell } from "../../lib/jobs/bell.ts";
import { createEnds } from "../../lib/podman/ends.ts";
import type { Podman } from "../../lib/podman/podman.ts";
import { memoryLog, mockTimers } from "../harness.ts";

const settle = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
};

/** One `podman events`: told to end, it takes until the test lets it go. */
const createListener = (signal: AbortSignal) => {
  const changed = createBell();
  const waiting: string[] = [];
  const state = { over: false };
  signal.addEventListener("abort", () => changed.ring());
  return {
    push: (line: object) => (waiting.push(JSON.stringify(line)), changed.ring()),
    leave: () => ((state.over = true), changed.ring()),
    async *lines(): AsyncGenerator<string> {
      while (!state.over) {
        const heard = changed.count();
        yield* waiting.splice(0);
        await changed.since(heard, never);
      }
    },
  };
};

/** Ends on a Podman without processes, whose hours pass at the test's word. */
const openEnds = (t: TestContext) => {
  const timers = mockTimers(t);
  let now = 1000;
  t.mock.method(performance, "now", () => now);
  const { log } = memoryLog();
  const listeners: ReturnType<typeof createListener>[] = [];
  const asked = { states: 0 };
  const states = new Map([["c", { status: "running", pid: process.pid }]]);
  const lines = (_argv: readonly string[], signal: AbortSignal) => {
    const listener = createListener(signal);
    listeners.push(listener);
    return listener.lines();
  };
  const ends = createEnds({
    podman: { lines } as Partial<Podman> as Podman, // nothing else of it is used
    containers: {
      states: () => Promise.resolve((asked.states++, states)),
      inspect: () => Promise.resolve({ id: "c", status: "exited", pid: 0, exitCode: 3, oomKilled: false }),
    },
    label: "stromboli.state=none",
    log,
  });
  t.after(() => {
    const disposed = ends[Symbol.asyncDispose]();
    for (const listener of listeners) listener.leave();
    return disposed;
  });
  return {
    ends,
    listeners,
    asked,
    states,
    pass: async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 500) {
        now += 500;
        timers.tick(500);
        await settle();
      }
    },
  };
};

const never = new AbortController().signal;

test("while all is well, all containers are looked at every ten seconds with one call", async (t) => {
  const { ends, asked, states, pass } = openEnds(t);
  states.set("d", { status: "running", pid: process.pid });
  const waits = ["c", "d"].map((name) => ends.ended(name, { signal: never, takenUp: false }));
  await pass(1500);
  const first = asked.states;
  await pass(30_000);
  assert.deepEqual([first, asked.states - first], [1, 3]);
  states.set("c", { status: "exited", pid: 0 });
  states.set("d", { status: "exited", pid: 0 });
  await pass(10_500);
  assert.deepEqual(
    (await Promise.all(waits)).map((end) => end?.exitCode),
    [3, 3],
  );
});

test("podman events is ended a minute after the last container, and begun again for the next", async (t) => {
  const { ends, listeners, asked, pass } = openEnds(t);
  ends.expect();
  await pass(80_000);
  listeners[0]?.leave();
  await settle();
  assert.deepEqual([listeners.length, asked.states], [1, 0]);
  const end = ends.ended("c", { signal: never, takenUp: false });
  await settle();
  listeners[1]?.push({ Name: "c", Status: "died", ContainerExitCode: 4 });
  assert.equal((await end)?.exitCode, 4);
});

test("a container that starts while podman events is about to end is listened for", async (t) => {
  const { ends, listeners, pass } = openEnds(t);
  ends.expect();
  await pass(80_000); // it was told to end, and takes its time
  assert.equal(listeners.length, 1);
  ends.expect();
  const end = ends.ended("c", { signal: never, takenUp: false });
  await settle();
  listeners[0]?.leave();
  await settle();
  listeners.at(-1)?.push({ Name: "c", Status: "died", ContainerExitCode: 4 });
  assert.deepEqual([listeners.length, (await end)?.exitCode], [2, 4]);
});

test("podman events is begun again when it has ended by itself", async (t) => {
  const { ends, listeners, pass } = openEnds(t);
  const end = ends.ended("c", { signal: never, takenUp: false });
  await settle();
  listeners[0]?.leave();
  await pass(11_000);
  listeners[1]?.push({ Name: "c", Status: "died", ContainerExitCode: 4 });
  assert.equal((await end)?.exitCode, 4);
});
