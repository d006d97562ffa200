import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { createWords } from "../../bin/words.ts";

/** Words on a stream that keeps them. */
const openWords = () => {
  const stdout = new PassThrough();
  const words = createWords(stdout as unknown as NodeJS.WriteStream, () => {}); // a stream is all that words need
  return { words, written: () => String(stdout.read() ?? "") };
};

test("a block that came in pieces is written once, and ends its line", () => {
  const { words, written } = openWords();
  for (const piece of ["Hel", "lo"]) words.delta(piece);
  words.block("Hello");
  assert.equal(written(), "Hello\n");
});

test("what the pieces lacked of a block is written with it", () => {
  const { words, written } = openWords();
  words.delta("Hel");
  words.block("Hello");
  assert.equal(written(), "Hello\n");
});

test("a block without pieces is written whole", () => {
  const { words, written } = openWords();
  words.block("one");
  words.block("two\n");
  assert.equal(written(), "one\ntwo\n");
});

test("a message that begins anew with the same words repeats none of them", () => {
  const { words, written } = openWords();
  words.delta("Hello wor");
  words.begin();
  for (const piece of ["Hello", " world"]) words.delta(piece);
  words.block("Hello world");
  assert.equal(written(), "Hello world\n");
});

test("a message that begins anew with other words begins on a line of its own", () => {
  const { words, written } = openWords();
  words.delta("Hello wor");
  words.begin();
  words.delta("Goodbye");
  words.block("Goodbye");
  assert.equal(written(), "Hello wor\nGoodbye\n");
});

test("an agent cannot rule the terminal", () => {
  const { words, written } = openWords();
  words.block("\u001b[2Jgone?");
  assert.equal(written(), "[2Jgone?\n");
});

test("nothing has been written until something is", () => {
  const { words } = openWords();
  words.endLine();
  const before = words.none();
  words.block("x");
  assert.deepEqual([before, words.none()], [true, false]);
});

test("without a stream words go nowhere", () => {
  const words = createWords(undefined, () => assert.fail("nothing is about to be written"));
  words.block("x");
  assert.ok(words.none());
});
