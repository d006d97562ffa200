import assert from "node:assert/strict";
import { test } from "node:test";
import { createPulls } from "../../lib/podman/pulls.ts";
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
  return { asked, pulls: createPulls({ registry: { pull }, log: memoryLog().log }) };
};

const reference = "docker.io/library/python:3.12";
const never = new AbortController().signal;

test("two who want the same image share one pull", async () => {
  const { asked, pulls } = openPulls();
  const both = [pulls.join(reference, never), pulls.join(reference, never)];
  asked[0]?.end("id");
  assert.deepEqual([await Promise.all(both.map(({ done }) => done)), asked.length], [["id", "id"], 1]);
});

test("who joins late hears all that was said", async () => {
  const { asked, pulls } = openPulls();
  pulls.join(reference, never);
  asked[0]?.say("one");
  const lines = Array.fromAsync(pulls.join(reference, never).lines());
  asked[0]?.say("two");
  asked[0]?.end("id");
  assert.deepEqual(await lines, ["one", "two"]);
});

test("a pull goes on while one of its clients stays", async () => {
  const { asked, pulls } = openPulls();
  const leaving = new AbortController();
  const left = pulls.join(reference, leaving.signal);
  pulls.join(reference, never);
  leaving.abort();
  await assert.rejects(left.done, { code: "shutting_down" });
  assert.equal(asked[0]?.signal.aborted, false);
});

test("a pull is ended when its last client goes", () => {
  const { asked, pulls } = openPulls();
  const clients = [new AbortController(), new AbortController()];
  for (const { signal } of clients) pulls.join(reference, signal);
  for (const client of clients) client.abort();
  assert.equal(asked[0]?.signal.aborted, true);
});

test("who comes while a pull is being ended begins a new one", () => {
  const { asked, pulls } = openPulls();
  const leaving = new AbortController();
  pulls.join(reference, leaving.signal);
  leaving.abort();
  pulls.join(reference, never);
  assert.deepEqual(
    asked.map(({ signal }) => signal.aborted),
    [true, false],
  );
});

test("a pull that has ended is no longer joined", async () => {
  const { asked, pulls } = openPulls();
  const { done } = pulls.join(reference, never);
  asked[0]?.end("id");
  await done;
  pulls.join(reference, never);
  assert.equal(asked.length, 2);
});

test("closing ends all pulls and waits for them", async () => {
  const { asked, pulls } = openPulls();
  const { done } = pulls.join(reference, never);
  await pulls[Symbol.asyncDispose]();
  await assert.rejects(done, /given up/);
  assert.equal(asked[0]?.signal.aborted, true);
});
