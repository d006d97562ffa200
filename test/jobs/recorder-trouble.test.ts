import assert from "node:assert/strict";
import fs, { chmodSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname } from "node:path";
import { test, type TestContext } from "node:test";
import { until } from "../e2e/wait.ts";
import { becomeNobody, openBelow } from "../harness.ts";
import { openRecording } from "./recording.ts";

test("an output that its agent made unreadable is read", async (t) => {
  const { folder, start, write, lines, finish } = openRecording(t);
  write("one\n");
  chmodSync(folder.output, 0);
  becomeNobody(
    t,
    [dirname(folder.path), ...Object.values(folder)].filter((path) => existsSync(path)),
  );
  assert.throws(() => readFileSync(folder.output), { code: "EACCES" });
  await finish(start());
  assert.deepEqual(await lines(), ["4 output one"]);
});

test("an output that was removed is an empty one", async (t) => {
  const { folder, start, finish, all } = openRecording(t);
  rmSync(folder.path, { recursive: true });
  await finish(start());
  assert.deepEqual(
    (await all()).map(({ id, type }) => `${id} ${type}`),
    ["1 status", "2 status", "3 status", "4 done"],
  );
});

const noSpace = () => {
  throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
};

/** Has writes to files fail as on a full disk, until the test frees it. */
const fillDisk = (t: TestContext) => {
  const { mock } = t.mock.method(fs, "writeSync", noSpace);
  syncBuiltinESMExports();
  const free = () => {
    mock.restore();
    syncBuiltinESMExports();
  };
  t.after(free);
  return { free, tries: () => mock.callCount() };
};

test("a full disk holds events up and loses none", async (t) => {
  const { start, write, lines, finish, log } = openRecording(t);
  const recorder = start();
  write("one\n");
  await until("a line", async () => (await lines()).length === 1);
  write("two\nthree\n");
  const disk = fillDisk(t);
  await until("a try", () => disk.tries() > 0);
  assert.deepEqual(await lines(), ["4 output one"]);
  disk.free();
  await until("the lines", async () => (await lines()).length === 3);
  await finish(recorder);
  assert.deepEqual(await lines(), ["4 output one", "5 output two", "6 output three"]);
  assert.match(log.join(""), /journal of a job failed; trying again/);
});

test("a disk that is full at the end is waited for", async (t) => {
  const { start, write, lines, finish } = openRecording(t);
  const recorder = start();
  const disk = fillDisk(t);
  write("one\ntwo");
  const finished = finish(recorder);
  await until("a try", () => disk.tries() > 0);
  disk.free();
  await finished;
  assert.deepEqual(await lines(), ["4 output one", "5 output two"]);
});

test("a daemon that stops does not wait for a full disk, and the next one goes on", async (t) => {
  const { start, write, lines, finish } = openRecording(t);
  const recorder = start();
  const disk = fillDisk(t);
  write("one\ntwo");
  const stopping = new AbortController();
  const finished = assert.rejects(recorder.finish(stopping.signal), { code: "shutting_down" });
  await until("a try", () => disk.tries() > 0);
  stopping.abort();
  await finished;
  await recorder[Symbol.asyncDispose]();
  disk.free();
  await finish(start());
  assert.deepEqual(await lines(), ["4 output one", "5 output two"]);
});

test("a recorder that is disposed of leaves no file open", async (t) => {
  const { folder, start, write } = openRecording(t);
  const recorder = start();
  write("one\n");
  const open = openBelow(folder.path).length;
  await recorder[Symbol.asyncDispose]();
  assert.deepEqual([open, openBelow(folder.path)], [3, []]);
});

test("a journal is for the daemon's user alone", (t) => {
  const { folder, start } = openRecording(t);
  start();
  assert.equal(statSync(folder.journal).mode & 0o777, 0o600);
});
