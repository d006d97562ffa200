import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { until } from "../e2e/wait.ts";
import { openApp } from "./harness.ts";

test("a search of a registry that policy has no image of is 403", async (t) => {
  const { json } = openApp(t, { policy: { images: ["quay.io/**"] } });
  assert.equal((await json("/images/search?q=python")).status, 403);
});

test("what a registry finds is passed on", async (t) => {
  const result = { index: "docker.io", name: "a", description: "", stars: 1, official: true, automated: false };
  const { json } = openApp(t, { search: () => Promise.resolve([result]) });
  assert.deepEqual((await json("/images/search?q=a")).body, { results: [result] });
});

test("no more than four searches go on at a time", async (t) => {
  const waiting: (() => void)[] = [];
  const search = () => new Promise<never[]>((resolve) => waiting.push(() => resolve([])));
  const { json } = openApp(t, { search });
  const answers = Array.from({ length: 6 }, () => json("/images/search?q=a"));
  await until("the first", () => waiting.length === 4);
  waiting.shift()?.();
  await until("the next", () => waiting.length === 4);
  while (waiting.length > 0) {
    waiting.shift()?.();
    await setImmediate();
  }
  assert.deepEqual(new Set((await Promise.all(answers)).map(({ status }) => status)), new Set([200]));
});

test("a search ends with the client that asked for it", async (t) => {
  const { promise, resolve } = Promise.withResolvers<AbortSignal>();
  const search = (_: unknown, signal: AbortSignal) => {
    resolve(signal);
    return once(signal, "abort").then(() => []);
  };
  const { send } = openApp(t, { search });
  const client = new AbortController();
  const answer = send("/images/search?q=a", { signal: client.signal });
  const signal = await promise;
  client.abort();
  await answer;
  assert.equal(signal.aborted, true);
});
