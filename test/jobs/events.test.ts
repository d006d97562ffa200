import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../e2e/wait.ts";
import { openBelow } from "../harness.ts";
import { openRecording } from "./recording.ts";

const brief = ({ id, type }: { id: number; type: string }) => `${id} ${type}`;

test("the moves of a job are events 1 to 3, its lines follow, and done is the last", async (t) => {
  const { start, write, finish, all } = openRecording(t);
  write("one\ntwo\n");
  write("oops\n", "stderr");
  await finish(start());
  assert.deepEqual(await all(), [
    { id: 1, type: "status", data: '{"status":"pending","at":"1970-01-01T00:00:01.000Z"}' },
    { id: 2, type: "status", data: '{"status":"starting","at":"1970-01-01T00:00:02.000Z"}' },
    { id: 3, type: "status", data: '{"status":"running","at":"1970-01-01T00:00:03.000Z"}' },
    { id: 4, type: "output", data: "one" },
    { id: 5, type: "output", data: "two" },
    { id: 6, type: "stderr", data: "oops" },
    { id: 7, type: "done", data: '{"done":true}' },
  ]);
});

test("behind every number come exactly the events after it", async (t) => {
  const { start, write, finish, all } = openRecording(t);
  const recorder = start();
  for (const text of ["a\nb\n", "c\n", "d\ne\nf\n"]) {
    write(text);
    write("err\n", "stderr");
  }
  await finish(recorder);
  const whole = await all();
  for (let after = 0; after <= whole.length + 2; after += 1)
    assert.deepEqual(await all({ after }), whole.slice(after), `after ${after}`);
});

test("who follows a job is told of its moves and lines as they come", async (t) => {
  const { move, start, write, finish, read } = openRecording(t);
  move({ state: "pending", claimedAt: null, startedAt: null });
  const events = read();
  const next = async () => ((await events.next()).value ?? []).map(brief);
  const seen = [await next()];
  move({ state: "starting", startedAt: null });
  seen.push(await next());
  move({});
  seen.push(await next());
  const recorder = start();
  write("one\n");
  seen.push(await next());
  write("two\n");
  seen.push(await next());
  await finish(recorder);
  seen.push(await next(), await next());
  assert.deepEqual(seen.flat(), ["1 status", "2 status", "3 status", "4 output", "5 output", "6 done"]);
});

test("a job that is cancelled while it waits is done as event 2", async (t) => {
  const { move, end, all } = openRecording(t);
  move({ state: "pending", claimedAt: null, startedAt: null });
  const events = all();
  end();
  assert.deepEqual((await events).map(brief), ["1 status", "2 done"]);
  assert.deepEqual((await all({ after: 1 })).map(brief), ["2 done"]);
});

test("a job that does not start is done as event 3", async (t) => {
  const { move, end, all } = openRecording(t);
  move({ state: "starting", startedAt: null });
  end();
  assert.deepEqual((await all()).map(brief), ["1 status", "2 status", "3 done"]);
});

test("without following, the events end with what is there now", async (t) => {
  const { start, write, all, lines } = openRecording(t);
  start();
  write("one\n");
  await until("a line", async () => (await lines()).length === 1);
  assert.deepEqual((await all({ follow: false })).map(brief), ["1 status", "2 status", "3 status", "4 output"]);
});

test("without following, a job that waits has one event", async (t) => {
  const { move, all } = openRecording(t);
  move({ state: "pending", claimedAt: null, startedAt: null });
  assert.deepEqual((await all({ follow: false })).map(brief), ["1 status"]);
});

test("who hangs up ends the events, and leaves no file open", async (t) => {
  const { folder, start, write, read } = openRecording(t);
  const recorder = start();
  write("one\n");
  const hungUp = new AbortController();
  const seen: string[] = [];
  for await (const batch of read({ signal: hungUp.signal })) {
    seen.push(...batch.map(brief));
    if (seen.includes("4 output")) hungUp.abort();
  }
  await recorder[Symbol.asyncDispose]();
  assert.equal(seen.at(-1), "4 output");
  assert.deepEqual(openBelow(folder.path), []);
});

test("who waits for the next event can hang up", async (t) => {
  const { start, read } = openRecording(t);
  start();
  const hungUp = new AbortController();
  const events = read({ signal: hungUp.signal });
  await events.next();
  const next = events.next();
  hungUp.abort();
  assert.deepEqual(await next, { done: true, value: undefined });
});

test("a job that is removed under a reader ends its events", async (t) => {
  const { row, bell, read } = openRecording(t);
  const events = read();
  await events.next();
  row.is = undefined;
  bell.ring();
  assert.equal((await events.next()).done, true);
});

test("a reader that is slow gets every event, and holds nobody up", async (t) => {
  const { start, write, finish, read, all } = openRecording(t);
  const recorder = start();
  const events = read();
  const seen = [...((await events.next()).value ?? [])];
  for (let index = 0; index < 50; index += 1) write(`${"x".repeat(3000)} ${index}\n`);
  await finish(recorder); // while the reader does nothing
  for await (const batch of events) seen.push(...batch);
  assert.deepEqual(seen, await all());
  assert.equal(seen.length, 3 + 50 + 1);
});

test("who knows more events than there are gets none until there are more", async (t) => {
  const { start, write, finish, all, lines } = openRecording(t);
  const recorder = start();
  write("a\nb\n");
  await until("two lines", async () => (await lines()).length === 2);
  const events = all({ after: 9 });
  write("c\n");
  await until("three lines", async () => (await lines()).length === 3);
  write(`${"x".repeat(70_000)}\nd\ne\nf\ng\n`);
  await finish(recorder);
  assert.deepEqual((await events).map(brief), ["10 output", "11 output", "12 done"]);
});

test("who knows more events than there will ever be gets none", async (t) => {
  const { start, write, finish, all } = openRecording(t);
  const recorder = start();
  const events = all({ after: 1000 });
  write(`a\n${"x".repeat(2_000_000)}\nlast`);
  await finish(recorder);
  assert.deepEqual(await events, []);
});

test("a hundred readers at once get the same", async (t) => {
  const { start, write, finish, all } = openRecording(t);
  const recorder = start();
  const readers = Array.from({ length: 100 }, (_, index) => all({ after: index % 7 }));
  for (const line of ["a", "b", "c"]) write(`${line}\n`);
  await finish(recorder);
  const whole = await all();
  for (const [index, events] of (await Promise.all(readers)).entries())
    assert.deepEqual(events, whole.slice(index % 7));
});

test("events are handed on in batches, so that memory stays small", async (t) => {
  const { start, write, finish, read } = openRecording(t);
  write("0123456789\n".repeat(100_000));
  await finish(start());
  let [events, largest] = [0, 0];
  for await (const batch of read()) {
    events += batch.length;
    largest = Math.max(largest, batch.length);
  }
  assert.equal(events, 3 + 100_000 + 1);
  assert.ok(largest <= 65_536 / 11 + 1, String(largest));
});
