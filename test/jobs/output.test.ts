import assert from "node:assert/strict";
import { appendFile, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { follow, linesOf } from "../../lib/jobs/output.ts";
import { tempFolder, writeFiles } from "../harness.ts";

/** An output file, and its end in the test's hands. */
const openOutput = (t: TestContext, text = "") => {
  const folder = tempFolder(t);
  writeFiles(folder, { out: text });
  const path = join(folder, "out");
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>();
  return { path, ended, end, fail, write: (data: string | Uint8Array) => appendFile(path, data) };
};

const next = async (lines: AsyncGenerator<string>): Promise<string | undefined> => {
  const { value, done } = await lines.next();
  return done ? undefined : value;
};

test("lines come as they are written", async (t) => {
  const { path, ended, end, write } = openOutput(t);
  const lines = follow(path, ended);
  const seen: unknown[] = [];
  for (const line of ["one", "two", "three"]) {
    const coming = next(lines);
    await write(`${line}\n`);
    seen.push(await coming);
  }
  end();
  assert.deepEqual([...seen, await next(lines)], ["one", "two", "three", undefined]);
});

test("lines that were there before are read from the first", async (t) => {
  const { path, ended, end } = openOutput(t, "one\ntwo\n");
  end();
  assert.deepEqual(await Array.fromAsync(follow(path, ended)), ["one", "two"]);
});

test("an output without a line ends with the job", async (t) => {
  const { path, ended, end } = openOutput(t);
  const lines = Array.fromAsync(follow(path, ended));
  end();
  assert.deepEqual(await lines, []);
});

test("what is written just before the end is read", async (t) => {
  const { path, ended, end, write } = openOutput(t);
  const lines = Array.fromAsync(follow(path, ended));
  await write("last\n");
  end();
  assert.deepEqual(await lines, ["last"]);
});

test("the end may be a failure: the lines are read all the same", async (t) => {
  const { path, ended, fail, write } = openOutput(t, "one\n");
  const lines = Array.fromAsync(follow(path, ended));
  await write("two\n");
  fail(new Error("shutting down"));
  assert.deepEqual(await lines, ["one", "two"]);
});

test("a line is handed out whole, however it is written", async (t) => {
  const { path, ended, end, write } = openOutput(t);
  const lines = Array.fromAsync(follow(path, ended));
  for (const piece of ["a", "b", "c\nd"]) await write(piece);
  end();
  assert.deepEqual(await lines, ["abc", "d"]);
});

test("a character that is cut in two by a write is whole", async (t) => {
  const { path, ended, end, write } = openOutput(t);
  const lines = Array.fromAsync(follow(path, ended));
  const bytes = Buffer.from("🦊é\n");
  for (const byte of bytes) await write(Uint8Array.of(byte));
  end();
  assert.deepEqual(await lines, ["🦊é"]);
});

test("a character that is cut in two by a read is whole", async (t) => {
  const line = `${"x".repeat(65_535)}é${"x".repeat(65_535)}é`;
  const { path, ended, end } = openOutput(t, `${line}\n`);
  end();
  assert.deepEqual(await Array.fromAsync(follow(path, ended)), [line]);
});

test("only a line feed ends a line", async (t) => {
  const line = "a\u2028b\u2029c\u0085d\re\ff";
  const { path, ended, end } = openOutput(t, `${line}\n`);
  end();
  assert.deepEqual(await Array.fromAsync(follow(path, ended)), [line]);
});

test("empty lines say nothing and are passed over", async (t) => {
  const { path, ended, end } = openOutput(t, "\n\na\n\n");
  end();
  assert.deepEqual(await Array.fromAsync(follow(path, ended)), ["a"]);
});

test("the last line needs no line feed", async (t) => {
  const { path, ended, end } = openOutput(t, "one\ntwo");
  end();
  assert.deepEqual(await Array.fromAsync(follow(path, ended)), ["one", "two"]);
});

test("a line of 10 MB is one line", async (t) => {
  const large = "é".repeat(5_000_000);
  const { path, ended, end, write } = openOutput(t, "before\n");
  const lines = Array.fromAsync(follow(path, ended));
  await write(`${large}\nafter\n`);
  end();
  assert.deepEqual(
    (await lines).map((line) => [line.length, line.at(0), line.at(-1)]),
    [
      [6, "b", "e"],
      [5_000_000, "é", "é"],
      [5, "a", "r"],
    ],
  );
});

test("bytes that are no UTF-8 spoil their own line alone", async (t) => {
  const { path, ended, end, write } = openOutput(t);
  await write(Buffer.from([0x61, 0xff, 0x0a, 0x62, 0x0a]));
  end();
  assert.deepEqual(await Array.fromAsync(follow(path, ended)), ["a\ufffd", "b"]);
});

test("an output that is not there is an error", async (t) => {
  const path = join(tempFolder(t), "none");
  await assert.rejects(Array.fromAsync(follow(path, Promise.resolve())), { code: "ENOENT" });
});

test("whoever stops following leaves no file open", async (t) => {
  const { path, ended } = openOutput(t, "one\ntwo\n");
  for await (const line of follow(path, ended)) if (line === "one") break;
  const files = await readdir("/proc/self/fd");
  const targets = await Promise.all(files.map((file) => readlink(`/proc/self/fd/${file}`).catch(() => "closed")));
  assert.ok(!targets.includes(path));
});

test("two may follow one output", async (t) => {
  const { path, ended, end, write } = openOutput(t);
  const both = Promise.all([follow(path, ended), follow(path, ended)].map((lines) => Array.fromAsync(lines)));
  await write("one\n");
  end();
  assert.deepEqual(await both, [["one"], ["one"]]);
});

test("a finished output has the same lines as it had live", async (t) => {
  const { path, ended, end } = openOutput(t, `\u2028\n\n${"é".repeat(100_000)}\nlast`);
  end();
  assert.deepEqual(await Array.fromAsync(linesOf(path)), await Array.fromAsync(follow(path, ended)));
});

test("a line without end is cut at 32 MiB, and the one after it is whole", async (t) => {
  const { path, write } = openOutput(t);
  for (let written = 0; written < 40; written += 1) await write(Buffer.alloc(1_048_576, "x"));
  await write("\nnext\n");
  const lines = await Array.fromAsync(linesOf(path));
  assert.deepEqual([lines.length, lines[0]?.length, lines[1]], [2, 32 * 1_048_576, "next"]);
});
