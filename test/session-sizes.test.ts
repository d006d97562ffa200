import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createSessionSizes } from "../lib/session-sizes.ts";
import { tempFolder, writeFiles } from "./harness.ts";

const waiting = new AbortController().signal;

const harness = (t: TestContext) => {
  const folder = tempFolder(t);
  writeFiles(folder, { "a/home/file": "x".repeat(10_000) });
  const used = new Set<string>();
  const sizes = createSessionSizes({ folder, jobs: { uses: (id) => used.has(id) } });
  const sizeOf = async (lastUsedAt: number, signal = waiting) => (await sizes.of([{ id: "a", lastUsedAt }], signal))[0];
  return { used, sizeOf, add: (name: string) => writeFiles(join(folder, "a"), { [name]: "x".repeat(10_000) }) };
};

test("a session is looked through once after each run", async (t) => {
  const { sizeOf, add } = harness(t);
  const first = (await sizeOf(1)) ?? 0;
  add("home/more");
  assert.deepEqual([await sizeOf(1), ((await sizeOf(2)) ?? 0) > first], [first, true]);
});

test("what was measured before a run is not told while it uses the session", async (t) => {
  const { sizeOf, used } = harness(t);
  await sizeOf(1);
  used.add("a");
  assert.equal(await sizeOf(1), null);
});

test("a list that nobody waits for measures nothing, and the next one does", async (t) => {
  const { sizeOf } = harness(t);
  assert.equal(await sizeOf(1, AbortSignal.abort()), null);
  assert.ok(((await sizeOf(1)) ?? 0) > 10_000);
});

test("a session that takes too long is not looked through again before its next run", async (t) => {
  const { sizeOf } = harness(t);
  const real = AbortSignal.timeout.bind(AbortSignal);
  const mocked = t.mock.method(AbortSignal, "timeout", (ms: number) => (ms > 2000 ? real(ms) : AbortSignal.abort()));
  assert.equal(await sizeOf(1), null);
  mocked.mock.restore();
  assert.equal(await sizeOf(1), null);
  assert.ok(((await sizeOf(2)) ?? 0) > 10_000);
});
