import assert from "node:assert/strict";
import { appendFileSync, chmodSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  bytesOf,
  fillFolder,
  jobFolder,
  keepOutput,
  openFiles,
  openReadable,
  writeEnv,
  writeHookScript,
} from "../../lib/jobs/folder.ts";
import { writeVolumeCheck } from "../../lib/jobs/volume-check.ts";
import { becomeNobody, tempFolder } from "../harness.ts";

const makeFolder = (t: TestContext) => {
  const folder = jobFolder(tempFolder(t), "run-1");
  fillFolder(folder, "the prompt\n");
  return folder;
};

test("nobody but the user can look into a job's folder or read what is in it", async (t) => {
  const folder = makeFolder(t);
  await writeEnv(folder, "A=1\n");
  const { path, input, output, stderr, journal, env } = folder;
  const modes = [path, input, output, stderr, journal, env].map((each) => (statSync(each).mode & 0o777).toString(8));
  assert.deepEqual(modes, ["700", "600", "600", "600", "600", "600"]);
});

test("a folder that an earlier try left is made anew", (t) => {
  const folder = makeFolder(t);
  for (const path of [folder.output, folder.stderr, folder.journal]) appendFileSync(path, "old");
  writeFileSync(join(folder.path, "other"), "old");
  fillFolder(folder, "another prompt\n");
  const texts = [folder.input, folder.output, folder.stderr, folder.journal].map((path) => readFileSync(path, "utf8"));
  assert.deepEqual(texts, ["another prompt\n", "", "", ""]);
  assert.ok(!readdirSync(folder.path).includes("other"));
});

test("after the end only what was printed and the journal stay", async (t) => {
  const folder = makeFolder(t);
  await writeEnv(folder, "A=1\n");
  await writeVolumeCheck(folder.ociHooks, []);
  await writeHookScript(folder, "exit\n");
  await keepOutput(folder);
  await keepOutput(folder);
  assert.deepEqual(readdirSync(folder.path).toSorted(), ["events.idx", "hooks.log", "output.jsonl", "stderr.log"]);
});

test("a container's output is added to what is there", (t) => {
  const folder = makeFolder(t);
  for (const _ of [1, 2]) {
    using files = openFiles(folder, { hooks: false });
    writeSync(files.stdout, "line\n");
  }
  assert.equal(readFileSync(folder.output, "utf8"), "line\nline\n");
});

test("the standard streams are closed with their owner", (t) => {
  const folder = makeFolder(t);
  const { stdin } = (() => {
    using files = openFiles(folder, { hooks: false });
    return files;
  })();
  assert.throws(() => readFileSync(stdin), { code: "EBADF" });
});

test("a file that an agent made unreadable can be read all the same", async (t) => {
  const folder = makeFolder(t);
  appendFileSync(folder.output, "line\n");
  chmodSync(folder.output, 0);
  becomeNobody(t, [dirname(folder.path), folder.path, folder.output]);
  await using file = await openReadable(folder.output);
  assert.equal(await file?.readFile("utf8"), "line\n");
});

test("a file that is not there is nothing, and a folder no file", async (t) => {
  const folder = makeFolder(t);
  assert.equal(await openReadable(join(folder.path, "none")), undefined);
  await using file = await openReadable(folder.path);
  await assert.rejects(async () => file?.readFile(), { code: "EISDIR" });
});

test("what the lasting files take is told in blocks of the disk", async (t) => {
  const folder = makeFolder(t);
  const before = await bytesOf(folder);
  appendFileSync(folder.output, "x".repeat(10_000));
  appendFileSync(folder.stderr, "x".repeat(10_000));
  writeFileSync(folder.env, "x".repeat(100_000));
  const bytes = await bytesOf(folder);
  assert.deepEqual([before, bytes % 512], [0, 0]);
  assert.ok(bytes >= 20_000 && bytes < 100_000, String(bytes));
});

test("a folder that was never made takes nothing", async (t) => {
  assert.equal(await bytesOf(jobFolder(tempFolder(t), "run-1")), 0);
});
