import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, linkSync, mkdirSync, symlinkSync, truncateSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { bytesBelow } from "../../lib/retention/measure.ts";
import { tempFolder, writeFiles } from "../harness.ts";
import { mebibyte } from "./harness.ts";

const signal = new AbortController().signal;
const about = (bytes: number, expected: number) =>
  assert.ok(bytes >= expected && bytes < expected + mebibyte / 2, `${bytes} is not about ${expected}`);

test("what is in a folder and below counts", async (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { file: "x".repeat(mebibyte), "a/b/file": "x".repeat(mebibyte), "a/empty": "" });
  about(await bytesBelow(folder, signal), 2 * mebibyte);
});

test("an empty folder, and one that is not there, take nothing", async (t) => {
  const folder = tempFolder(t);
  assert.deepEqual(await Promise.all([folder, join(folder, "x")].map((path) => bytesBelow(path, signal))), [0, 0]);
});

test("a file with holes counts as what it takes", async (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { file: "x" });
  truncateSync(join(folder, "file"), 1024 * mebibyte);
  about(await bytesBelow(folder, signal), 0);
});

test("a file with several names counts once", async (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { "a/file": "x".repeat(mebibyte) });
  for (const name of ["b", "c", "d", "e", "f", "g"]) linkSync(join(folder, "a/file"), join(folder, name));
  about(await bytesBelow(folder, signal), mebibyte);
});

test("links are not followed, in circles or out of the folder", async (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { "elsewhere/file": "x".repeat(mebibyte) });
  mkdirSync(join(folder, "session/a"), { recursive: true });
  symlinkSync("..", join(folder, "session/a/circle"));
  symlinkSync(join(folder, "elsewhere"), join(folder, "session/out"));
  symlinkSync("/", join(folder, "session/root"));
  about(await bytesBelow(join(folder, "session"), signal), 0);
});

test("pipes and sockets are passed by", async (t) => {
  const folder = tempFolder(t);
  execFileSync("sh", ["-c", "mkfifo pipe"], { cwd: folder });
  const server = createServer().listen(join(folder, "socket"));
  t.after(() => void server.close());
  await once(server, "listening");
  assert.equal(await bytesBelow(folder, signal), 0);
});

test("a folder with more entries than are looked at at once counts in full", async (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`file${n}`, "x".repeat(4096)])));
  about(await bytesBelow(folder, signal), 1000 * 4096);
});

/** Folders in folders, deeper than a path can name. */
const nest = (folder: string, levels: number): void =>
  void execFileSync("sh", ["-c", `for i in $(seq ${levels}); do mkdir ${"d".repeat(100)}; cd -P ${"d".repeat(100)}; done`], { cwd: folder }); // prettier-ignore

test("a tree that is deeper than a path can name does no harm", async (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { "deep/file": "x".repeat(mebibyte) });
  nest(join(folder, "deep"), 100);
  about(await bytesBelow(folder, signal), mebibyte);
});

test(
  "folders that are closed to us count as nothing, and hide no others",
  { skip: process.getuid?.() === 0 && "root can look into all" },
  async (t) => {
    const folder = tempFolder(t);
    writeFiles(folder, { "closed/file": "x".repeat(mebibyte), "open/file": "x".repeat(mebibyte) });
    chmodSync(join(folder, "closed"), 0o000);
    const bytes = await bytesBelow(folder, signal).finally(() => chmodSync(join(folder, "closed"), 0o700));
    about(bytes, mebibyte);
  },
);

test("it stops when it is told to", async (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { file: "" });
  const stop = new AbortController();
  stop.abort(new Error("stopped"));
  await assert.rejects(bytesBelow(folder, stop.signal), /stopped/);
});
