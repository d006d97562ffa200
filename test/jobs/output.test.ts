import assert from "node:assert/strict";
import { appendFile, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { linesOf, textAt } from "../../lib/jobs/output.ts";
import { tempFolder, writeFiles } from "../harness.ts";

const openOutput = (t: TestContext, text = "") => {
  const folder = tempFolder(t);
  writeFiles(folder, { out: text });
  return join(folder, "out");
};

const textsOf = async (path: string): Promise<string[]> => Array.fromAsync(linesOf(path), ({ text }) => text);

test("the lines of a file are read from the first", async (t) => {
  assert.deepEqual(await textsOf(openOutput(t, "one\ntwo\n")), ["one", "two"]);
});

test("a file without a line has none", async (t) => {
  assert.deepEqual(await textsOf(openOutput(t)), []);
});

test("a character that is cut in two by a read is whole", async (t) => {
  const line = `${"x".repeat(65_535)}é${"x".repeat(65_535)}é`;
  assert.deepEqual(await textsOf(openOutput(t, `${line}\n`)), [line]);
});

test("only a line feed ends a line", async (t) => {
  const line = "a\u2028b\u2029c\u0085d\re\ff";
  assert.deepEqual(await textsOf(openOutput(t, `${line}\n`)), [line]);
});

test("empty lines say nothing and are passed over", async (t) => {
  assert.deepEqual(await textsOf(openOutput(t, "\n\na\n\n")), ["a"]);
});

test("the last line needs no line feed", async (t) => {
  assert.deepEqual(await textsOf(openOutput(t, "one\ntwo")), ["one", "two"]);
});

test("a line of 10 MB is one line", async (t) => {
  const large = "é".repeat(5_000_000);
  const lines = await textsOf(openOutput(t, `before\n${large}\nafter\n`));
  assert.deepEqual(
    lines.map((line) => [line.length, line.at(0), line.at(-1)]),
    [
      [6, "b", "e"],
      [5_000_000, "é", "é"],
      [5, "a", "r"],
    ],
  );
});

test("bytes that are no UTF-8 spoil their own line alone", async (t) => {
  const path = openOutput(t);
  await appendFile(path, Buffer.from([0x61, 0xff, 0x0a, 0x62, 0x0a]));
  assert.deepEqual(await textsOf(path), ["a\ufffd", "b"]);
});

test("an output that is not there is an error", async (t) => {
  await assert.rejects(textsOf(join(tempFolder(t), "none")), { code: "ENOENT" });
});

test("whoever stops reading leaves no file open", async (t) => {
  const path = openOutput(t, "one\ntwo\n");
  for await (const { text } of linesOf(path)) if (text === "one") break;
  const files = await readdir("/proc/self/fd");
  const targets = await Promise.all(files.map((file) => readlink(`/proc/self/fd/${file}`).catch(() => "closed")));
  assert.ok(!targets.includes(path));
});

test("a line without end is cut at 32 MiB, and the one after it is whole", async (t) => {
  const path = openOutput(t);
  for (let written = 0; written < 40; written += 1) await appendFile(path, Buffer.alloc(1_048_576, "x"));
  await appendFile(path, "\nnext\n");
  const lines = await textsOf(path);
  assert.deepEqual([lines.length, lines[0]?.length, lines[1]], [2, 32 * 1_048_576, "next"]);
});

test("every line tells its place, in bytes, from which it can be read again", async (t) => {
  const path = openOutput(t, `é\n\n${"x".repeat(70_000)}\n🦊\r\nlast`);
  for await (const { text, place } of linesOf(path)) assert.ok((await textAt(path, place)) === text, text.slice(0, 10));
  const places = await Array.fromAsync(linesOf(path), ({ place }) => [place.start, place.end]);
  assert.deepEqual(places, [[0, 2], [4, 70_004], [70_005, 70_010], [70_011, 70_015]]); // prettier-ignore
});

test("of a part of a file the places are those of the whole", async (t) => {
  const path = openOutput(t, "one\ntwo\nthree\n");
  assert.deepEqual(await Array.fromAsync(linesOf(path, { start: 4, end: 9 })), [
    { text: "two", place: { start: 4, end: 7 } },
    { text: "th", place: { start: 8, end: 10 } },
  ]);
});
