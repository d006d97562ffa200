import assert from "node:assert/strict";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openJournal, readJournal, recordBytes, type Segment, type Source } from "../../lib/jobs/journal.ts";
import { tempFolder } from "../harness.ts";

const openPath = (t: TestContext) => join(tempFolder(t), "events.idx");

/** A journal that is closed with the test. */
const openAt = (t: TestContext, path: string) => {
  const journal = openJournal(path);
  let open = true;
  const close = () => {
    if (open) journal.close();
    open = false;
  };
  t.after(close);
  return { ...journal, close };
};

/** All segments from an event on. */
const readFrom = async (path: string, from = 4): Promise<Segment[]> => {
  await using reader = await readJournal(path, from);
  const segments: Segment[] = [];
  for (let segment = await reader.next(); segment; segment = await reader.next()) segments.push(segment);
  return segments;
};

const idsOf = (segments: readonly Segment[]): number[] =>
  segments.flatMap(({ firstId, count }) => Array.from({ length: count }, (_, index) => firstId + index));

test("the lines of all sources have gap-free ids from 4, and each source its own places", async (t) => {
  const path = openPath(t);
  const journal = openAt(t, path);
  journal.append({ source: "output", end: 10, count: 2 });
  journal.append({ source: "stderr", end: 7, count: 1 });
  journal.append({ source: "output", end: 30, count: 3 });
  assert.deepEqual(await readFrom(path), [
    { firstId: 4, source: "output", start: 0, end: 10, count: 2 },
    { firstId: 6, source: "stderr", start: 0, end: 7, count: 1 },
    { firstId: 7, source: "output", start: 10, end: 30, count: 3 },
  ]);
});

for (const source of ["output", "stderr", "hook"] as const satisfies readonly Source[]) {
  test(`a journal tells how far ${source} has been taken down`, (t) => {
    const journal = openAt(t, openPath(t));
    journal.append({ source, end: 12, count: 1 });
    assert.deepEqual([journal.endOf(source), journal.endOf(source === "hook" ? "output" : "hook")], [12, 0]);
  });
}

test("places and ids may be as large as they come", async (t) => {
  const path = openPath(t);
  const journal = openAt(t, path);
  const end = 2 ** 47;
  journal.append({ source: "output", end, count: 2 ** 39 });
  journal.append({ source: "output", end: end + 1, count: 1 });
  assert.deepEqual((await readFrom(path)).at(-1), {
    firstId: 4 + 2 ** 39,
    source: "output",
    start: end,
    end: end + 1,
    count: 1,
  });
});

test("a journal that is opened again goes on where it was", async (t) => {
  const path = openPath(t);
  const first = openAt(t, path);
  first.append({ source: "output", end: 10, count: 2 });
  first.close();
  const second = openAt(t, path);
  second.append({ source: "output", end: 15, count: 1 });
  const segments = await readFrom(path);
  assert.deepEqual([idsOf(segments), segments.at(-1)?.start], [[4, 5, 6], 10]);
});

for (const torn of [1, recordBytes - 1]) {
  test(`of a last record ${torn} bytes were written: it is written anew`, async (t) => {
    const path = openPath(t);
    const first = openAt(t, path);
    for (const end of [10, 20, 30]) first.append({ source: "output", end, count: 1 });
    first.close();
    fs.truncateSync(path, 2 * recordBytes + torn);
    assert.deepEqual(idsOf(await readFrom(path)), [4, 5]);
    const second = openAt(t, path);
    assert.equal(second.endOf("output"), 20);
    second.append({ source: "output", end: 31, count: 1 });
    const segments = await readFrom(path);
    assert.deepEqual([idsOf(segments), segments.at(-1)?.end], [[4, 5, 6], 31]);
    assert.equal(fs.statSync(path).size, 3 * recordBytes);
  });
}

test("a write that the disk takes half of is made again in its place", async (t) => {
  const path = openPath(t);
  const journal = openAt(t, path);
  journal.append({ source: "output", end: 10, count: 1 });
  const { writeSync } = fs;
  const half = (file: number, record: Buffer) => writeSync(file, record, 0, 10, recordBytes);
  const { mock } = t.mock.method(fs, "writeSync", half as typeof writeSync); // of its overloads the one that journals use
  syncBuiltinESMExports();
  const append = () => journal.append({ source: "output", end: 20, count: 2 });
  assert.throws(append, /could not be written in full/);
  assert.equal(journal.endOf("output"), 10);
  mock.restore();
  syncBuiltinESMExports();
  append();
  assert.deepEqual(idsOf(await readFrom(path)), [4, 5, 6]);
});

test("a full disk is an error, and nothing counts as written", (t) => {
  const journal = openAt(t, "/dev/full");
  assert.throws(() => journal.append({ source: "output", end: 10, count: 1 }), { code: "ENOSPC" });
  assert.equal(journal.endOf("output"), 0);
});

test("every event is found in its segment, be there one or thousands", async (t) => {
  const path = openPath(t);
  const journal = openAt(t, path);
  let end = 0;
  for (let index = 0; index < 1000; index += 1)
    journal.append({ source: index % 3 === 0 ? "stderr" : "output", end: (end += 10), count: 1 + (index % 7) });
  const segments = await readFrom(path);
  const last = segments.at(-1);
  assert.ok(last);
  for (let id = 4; id <= last.firstId + last.count + 1; id += 37) {
    await using reader = await readJournal(path, id);
    const wanted = segments.find(({ firstId, count }) => id < firstId + count);
    assert.deepEqual(await reader.next(), wanted, String(id));
  }
});

test("what is appended is found by who reads already", async (t) => {
  const path = openPath(t);
  const journal = openAt(t, path);
  await using reader = await readJournal(path, 4);
  const seen = [await reader.next(), await reader.lastId()];
  journal.append({ source: "output", end: 10, count: 2 });
  seen.push((await reader.next())?.count, await reader.lastId(), await reader.next());
  assert.deepEqual(seen, [undefined, 3, 2, 5, undefined]);
});

test("who asks for events that are yet to come gets them when they come, and none before", async (t) => {
  const path = openPath(t);
  const journal = openAt(t, path);
  journal.append({ source: "output", end: 10, count: 3 });
  await using reader = await readJournal(path, 7);
  const none = await reader.next();
  journal.append({ source: "output", end: 20, count: 1 });
  assert.deepEqual([none, (await reader.next())?.firstId], [undefined, 7]);
});

test("an empty journal has no event", async (t) => {
  const path = openPath(t);
  openAt(t, path);
  await using reader = await readJournal(path, 4);
  assert.deepEqual([await reader.next(), await reader.lastId()], [undefined, 3]);
});
