import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { test } from "node:test";
import { until } from "../e2e/wait.ts";
import { openRecording } from "./recording.ts";

type Pointer = { type: string; job_id: string; stream: string; start: number; end: number; bytes: number };

/** Writes over the beginning of a file. */
const overwrite = (path: string, text: string): void => {
  const file = openSync(path, "r+");
  writeSync(file, text, 0);
  closeSync(file);
};

for (const source of ["output", "stderr"] as const) {
  test(`a line of ${source} above 1 MB is a pointer to its place in the log`, async (t) => {
    const { folder, start, write, finish, all } = openRecording(t);
    const long = "é".repeat(1_500_000);
    write(`before\n${long}\nafter\n`, source);
    await finish(start());
    const [, event, after] = await all({ after: 3 });
    const pointer = JSON.parse(event?.data ?? "") as Pointer; // what the events promise
    const stream = source === "output" ? "stdout" : "stderr";
    assert.deepEqual(pointer, {
      type: "stromboli_long_line",
      job_id: "job-1",
      stream,
      start: 7,
      end: 7 + 3_000_001,
      bytes: 3_000_001,
    });
    assert.deepEqual([event?.id, event?.type, after?.data], [5, source, "after"]);
    assert.ok(readFileSync(folder[source]).toString("utf8", pointer.start, pointer.end) === `${long}\n`);
  });
}

test("a line of a little less than 1 MB is there in full", async (t) => {
  const { start, write, finish, all } = openRecording(t);
  const line = "x".repeat(999_000);
  write(`${line}\n`);
  await finish(start());
  const [event] = await all({ after: 3 });
  assert.ok(event?.data === line);
});

test("a long line that lacks its line feed is a pointer to the end", async (t) => {
  const { start, write, finish, all } = openRecording(t);
  write("x".repeat(2_000_000));
  await finish(start());
  const [event, done] = await all({ after: 3 });
  const { start: from, end } = JSON.parse(event?.data ?? "") as Pointer; // what the events promise
  assert.deepEqual([from, end, done?.type], [0, 2_000_000, "done"]);
});

test("a line of carriage returns, each of which makes another line of an event, is a pointer when it would be too long", async (t) => {
  const { start, write, finish, all } = openRecording(t);
  write(`${"\r".repeat(900_000)}\n`);
  await finish(start());
  const [event] = await all({ after: 3 });
  assert.ok((event?.data.length ?? Infinity) < 1000);
  assert.equal((JSON.parse(event?.data ?? "") as Pointer).bytes, 900_001); // what the events promise
});

test("an agent that writes over its own lines does not shift the numbers of those behind them", async (t) => {
  const { folder, start, write, finish, all, lines } = openRecording(t);
  const recorder = start();
  write("aaaa\nbbbb\n");
  await until("two lines", async () => (await lines()).length === 2);
  write("cccc\ndddd\n");
  await finish(recorder);
  for (const text of ["\n\n\n\n\n\n\n\n\n\n", "xxxxxxxxx\n"]) {
    overwrite(folder.output, text);
    const events = await all();
    assert.deepEqual(
      events.map(({ id }) => id),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
    assert.deepEqual(events.slice(5, 7).map(({ data }) => data), ["cccc", "dddd"]); // prettier-ignore
  }
});

for (const [what, text] of [
  ["carriage returns", "50%\r100%\r"],
  ["a carriage return at its end, as Windows has it", "line\r"],
  ["other characters that pass for a line end", "a\u2028b\u2029c\u0085d\fe"],
  ["characters of all lengths", "aé🦊\u0000"],
] as const) {
  test(`a line with ${what} is as it was written`, async (t) => {
    const { start, write, finish, all } = openRecording(t);
    write(`${text}\nnext\n`);
    await finish(start());
    assert.deepEqual(
      (await all({ after: 3 })).map(({ data }) => data),
      [text, "next", '{"done":true}'],
    );
  });
}

test("bytes that are no UTF-8 spoil their own line alone", async (t) => {
  const { start, write, finish, all } = openRecording(t);
  write(Buffer.from([0x61, 0xff, 0x0a, 0xc3, 0x0a, 0x62, 0x0a]));
  await finish(start());
  const lines = (await all({ after: 3 })).map(({ data }) => data);
  assert.deepEqual(lines, ["a\ufffd", "\ufffd", "b", '{"done":true}']);
});

test("a character that is cut in two by a write or by a read is whole", async (t) => {
  const { start, write, finish, all } = openRecording(t);
  const recorder = start();
  const line = `${"x".repeat(65_535)}é${"x".repeat(65_535)}🦊`;
  const bytes = Buffer.from(`${line}\n`);
  for (const piece of [bytes.subarray(0, 65_536), bytes.subarray(65_536, -2), bytes.subarray(-2)]) write(piece);
  await finish(recorder);
  const [event] = await all({ after: 3 });
  assert.ok(event?.data === line);
});
