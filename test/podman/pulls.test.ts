import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { createPulls } from "../../lib/podman/pulls.ts";
import { until } from "../e2e/wait.ts";
import { memoryLog } from "../harness.ts";

type Pulling = { signal: AbortSignal; say: (line: string) => void; end: (id: string) => void };

/** Pulls from a registry whose answers the test gives. */
const openPulls = () => {
  const asked: Pulling[] = [];
  const pull = (_: string, { signal, onLine }: { signal: AbortSignal; onLine: (line: string) => void }) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    signal.addEventListener("abort", () => reject(new Error("given up")));
    asked.push({ signal, say: onLine, end: resolve });
    return promise;
  };
  const pulls = createPulls({ registry: { pull }, log: memoryLog().log });
  /** Joins a pull, which has begun by then if its turn has come. */
  const join = async (reference: string, signal: AbortSignal) => {
    const joined = pulls.join(reference, signal);
    await setImmediate();
    return joined;
  };
  return { asked, pulls, join };
};

const reference = "docker.io/library/python:3.12";
const never = new AbortController().signal;

test("two who want the same image share one pull", async () => {
  const { asked, join } = openPulls();
  const both = [await join(reference, never), await join(reference, never)];
  asked[0]?.end("id");
  assert.deepEqual([await Promise.all(both.map(({ done }) => done)), asked.length], [["id", "id"], 1]);
});

test("who joins late hears all that was said", async () => {
  const { asked, join } = openPulls();
  await join(reference, never);
  asked[0]?.say("one");
  const lines = Array.fromAsync((await join(reference, never)).lines());
  asked[0]?.say("two");
  asked[0]?.end("id");
  assert.deepEqual(await lines, ["one", "two"]);
});

test("a pull goes on while one of its clients stays", async () => {
  const { asked, join } = openPulls();
  const leaving = new AbortController();
  const left = await join(reference, leaving.signal);
  await join(reference, never);
  leaving.abort();
  await assert.rejects(left.done, { code: "shutting_down" });
  assert.equal(asked[0]?.signal.aborted, false);
});

test("a pull is ended when its last client goes", async () => {
  const { asked, join } = openPulls();
  const clients = [new AbortController(), new AbortController()];
  for (const { signal } of clients) await join(reference, signal);
  for (const client of clients) client.abort();
  assert.equal(asked[0]?.signal.aborted, true);
});

test("who comes while a pull is being ended begins a new one", async () => {
  const { asked, join } = openPulls();
  const leaving = new AbortController();
  await join(reference, leaving.signal);
  leaving.abort();
  await join(reference, never);
  assert.deepEqual(
    asked.map(({ signal }) => signal.aborted),
    [true, false],
  );
});

test("a pull that has ended is no longer joined", async () => {
  const { asked, join } = openPulls();
  const { done } = await join(reference, never);
  asked[0]?.end("id");
  await done;
  await join(reference, never);
  assert.equal(asked.length, 2);
});

test("closing ends all pulls and waits for them", async () => {
  const { asked, pulls, join } = openPulls();
  const { done } = await join(reference, never);
  await pulls[Symbol.asyncDispose]();
  await assert.rejects(done, /given up/);
  assert.equal(asked[0]?.signal.aborted, true);
});

test("no more than three pulls go on at a time, the others wait and say so", async () => {
  const { asked, join } = openPulls();
  const joined = await Promise.all(["a", "b", "c", "d"].map((name) => join(name, never)));
  assert.equal(asked.length, 3);
  const lines = Array.fromAsync(joined[3]?.lines() ?? []);
  asked[0]?.end("id");
  await until("the next", () => asked.length === 4);
  asked[3]?.end("id");
  assert.deepEqual(await lines, ["Waiting for other pulls to end..."]);
});

test("a pull that is given up while it waits never begins", async () => {
  const { asked, pulls, join } = openPulls();
  for (const name of ["a", "b", "c"]) await join(name, never);
  const leaving = new AbortController();
  const left = await join("d", leaving.signal);
  leaving.abort();
  await assert.rejects(left.done, { code: "shutting_down" });
  for (const pull of asked) pull.end("id");
  await pulls[Symbol.asyncDispose]();
  assert.equal(asked.length, 3);
});
