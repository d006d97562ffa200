import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { test } from "node:test";
import { until } from "../e2e/wait.ts";
import { openRecording } from "./recording.ts";

test("lines are taken down as they are written", async (t) => {
  const { start, write, lines } = openRecording(t);
  start();
  for (const [index, line] of ["one", "two", "three"].entries()) {
    write(`${line}\n`);
    await until(line, async () => (await lines()).length === index + 1);
  }
  assert.deepEqual(await lines(), ["4 output one", "5 output two", "6 output three"]);
});

test("the lines of both streams are taken down, each by its name", async (t) => {
  const { start, write, lines } = openRecording(t);
  const recorder = start();
  write("out\n");
  await until("a line", async () => (await lines()).length === 1);
  write("err\n", "stderr");
  await until("a line", async () => (await lines()).length === 2);
  write("out again\n");
  await recorder.finish(new AbortController().signal);
  assert.deepEqual(await lines(), ["4 output out", "5 stderr err", "6 output out again"]);
});

test("what was written before the recorder began is taken down", async (t) => {
  const { start, write, lines, finish } = openRecording(t);
  write("one\ntwo\n");
  await finish(start());
  assert.deepEqual(await lines(), ["4 output one", "5 output two"]);
});

test("the bell rings when there is a line", async (t) => {
  const { start, write, bell } = openRecording(t);
  start();
  const count = bell.count();
  write("one\n");
  await assert.doesNotReject(bell.since(count, new AbortController().signal));
});

test("empty lines are lines", async (t) => {
  const { start, write, lines, finish } = openRecording(t);
  write("\n\none\n\n");
  await finish(start());
  assert.deepEqual(await lines(), ["4 output ", "5 output ", "6 output one", "7 output "]);
});

test("half a line is none until its end has come", async (t) => {
  const { start, write, lines } = openRecording(t);
  start();
  write("first\nhal");
  await until("a line", async () => (await lines()).length === 1);
  write("f\n");
  await until("a line", async () => (await lines()).length === 2);
  assert.deepEqual(await lines(), ["4 output first", "5 output half"]);
});

test("the last line needs no line feed", async (t) => {
  const { start, write, lines, finish } = openRecording(t);
  write("one\ntwo");
  write("oops", "stderr");
  await finish(start());
  assert.deepEqual(await lines(), ["4 output one", "5 output two", "6 stderr oops"]);
});

test("what is written just before the end is taken down", async (t) => {
  const { start, write, lines, finish } = openRecording(t);
  const recorder = start();
  write("last\n");
  await finish(recorder);
  assert.deepEqual(await lines(), ["4 output last"]);
});

for (const length of [65_535, 65_536, 65_537, 200_000, 131_071]) {
  test(`a line of ${length} bytes is one, and so are its neighbours`, async (t) => {
    const { start, write, lines, finish } = openRecording(t);
    const long = "x".repeat(length);
    write(`a\n${long}\nb\n${long}\n\nc`);
    await finish(start());
    assert.deepEqual(
      (await lines()).map((line) => line.length - "4 output ".length),
      [1, length, 1, length, 0, 1],
    );
  });
}

test("a recorder that is opened again goes on without gap or duplicate", async (t) => {
  const { start, write, lines, finish } = openRecording(t);
  const first = start();
  write("one\ntwo\nthr");
  await until("two lines", async () => (await lines()).length === 2);
  await first[Symbol.asyncDispose]();
  write("ee\nfour\n");
  await finish(start());
  assert.deepEqual(await lines(), ["4 output one", "5 output two", "6 output three", "7 output four"]);
});

test("a recorder that finished, and whose daemon died before it settled, finishes again", async (t) => {
  const { start, write, lines, finish } = openRecording(t);
  write("one\ntwo");
  const first = start();
  await first.finish(new AbortController().signal);
  await first[Symbol.asyncDispose]();
  await finish(start());
  assert.deepEqual(await lines(), ["4 output one", "5 output two"]);
});

test("an agent that empties its output loses lines of its own, and the ones after it come", async (t) => {
  const { folder, start, write, lines, finish } = openRecording(t);
  const recorder = start();
  write("one\ntwo\n");
  await until("two lines", async () => (await lines()).length === 2);
  truncateSync(folder.output);
  write("three is longer than one and two\nfour\n");
  await finish(recorder);
  const ids = (await lines()).map((line) => Number.parseInt(line, 10));
  assert.deepEqual(
    ids,
    Array.from(ids, (_, index) => index + 4),
  );
  assert.equal((await lines()).at(-1), `${ids.at(-1)} output four`);
});

test("an agent that empties its output and ends keeps nobody waiting", async (t) => {
  const { folder, start, write, all, finish } = openRecording(t);
  const recorder = start();
  write("one\ntwo\n");
  await until("two lines", async () => (await all({ follow: false, after: 3 })).length === 2);
  truncateSync(folder.output);
  await finish(recorder);
  assert.deepEqual(
    (await all()).map(({ id, type }) => `${id} ${type}`),
    ["1 status", "2 status", "3 status", "4 output", "5 output", "6 done"],
  );
});

test("an output that is larger than it may be is told, and no more of it taken down", async (t) => {
  const { start, write, lines, finish } = openRecording(t, { maxBytes: 100_000 });
  const recorder = start();
  write("0123456789\n".repeat(30_000));
  assert.equal(await recorder.full, "output_limit");
  await finish(recorder);
  const { output } = recorder.taken();
  assert.ok(output >= 100_000 && output < 100_000 + 65_536, String(output));
  assert.equal((await lines()).length, Math.floor(output / 11));
});

test("an output without a line feed is not taken down beyond what it may be", async (t) => {
  const { start, write, finish } = openRecording(t, { maxBytes: 100_000 });
  const recorder = start();
  write("x".repeat(1_000_000));
  assert.equal(await recorder.full, "output_limit");
  await finish(recorder);
  assert.ok(recorder.taken().output < 100_000 + 65_536, String(recorder.taken().output));
});

test("stderr counts towards what may be written", async (t) => {
  const { start, write } = openRecording(t, { maxBytes: 1000 });
  const recorder = start();
  write("x\n".repeat(300));
  write("x\n".repeat(300), "stderr");
  assert.equal(await recorder.full, "output_limit");
});

test("a recorder tells how much has been written", async (t) => {
  const { start, write } = openRecording(t);
  const recorder = start();
  write("four");
  write("five\n", "stderr");
  assert.equal(recorder.size(), 9);
});
