import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { execa } from "execa";
import { tempFolder, writeFiles } from "../harness.ts";

const launcher = join(import.meta.dirname, "../../bin/stromboli");

/** The real command where a daemon has written a log. */
const harness = (t: TestContext, log?: string) => {
  const state = tempFolder(t);
  if (log !== undefined) writeFiles(state, { "daemon.log": log });
  const start = (...args: readonly string[]) =>
    execa(launcher, ["daemon", "logs", ...args], { env: { STROMBOLI_STATE_DIR: state }, cwd: state, reject: false });
  return { start, path: join(state, "daemon.log") };
};

test("daemon logs prints the last lines", async (t) => {
  const { start } = harness(t, "one\ntwo\nthree\n");
  assert.deepEqual((await start("-n", "2")).stdout, "two\nthree");
  assert.equal((await start("-n", "0")).stdout, "");
});

test("daemon logs -f goes on with what is written later", async (t) => {
  const { start, path } = harness(t, "one\n");
  const child = start("--follow");
  let seen = "";
  child.stdout.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
    if (seen === "one\n") appendFileSync(path, "two\n");
    if (seen === "one\ntwo\n") child.kill();
  });
  await child;
  assert.equal(seen, "one\ntwo\n");
});

test("daemon logs finds the last lines of a long log", async (t) => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`);
  const { start } = harness(t, `${lines.join("\n")}\n`);
  assert.deepEqual((await start("-n", "15000")).stdout.split("\n"), lines.slice(5000));
  assert.deepEqual((await start("-n", "50000")).stdout.split("\n"), lines);
});

test("daemon logs without a log says who writes one", async (t) => {
  const { start, path } = harness(t);
  const { exitCode, stderr } = await start();
  assert.deepEqual(
    [exitCode, stderr],
    [1, `stromboli: there is no log ${path}: only a daemon in the background writes one, others log on stderr`],
  );
});

test("daemon logs -n with something else than a number is refused", async (t) => {
  const { exitCode, stderr } = await harness(t, "one\n").start("-n", "-1");
  assert.deepEqual([exitCode, stderr], [2, "stromboli: --lines -1: that is not a number of lines"]);
});
