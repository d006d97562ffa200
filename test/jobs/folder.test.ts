import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { fillFolder, jobFolder, keepOutput, openFiles, writeEnv } from "../../lib/jobs/folder.ts";
import { tempFolder } from "../harness.ts";

const makeFolder = (t: TestContext) => {
  const folder = jobFolder(tempFolder(t), "run-1");
  fillFolder(folder, "the prompt\n");
  return folder;
};

test("nobody but the user can look into a job's folder or read what is in it", async (t) => {
  const folder = makeFolder(t);
  await writeEnv(folder, "A=1\n");
  const { path, input, output, stderr, env } = folder;
  const modes = [path, input, output, stderr, env].map((each) => (statSync(each).mode & 0o777).toString(8));
  assert.deepEqual(modes, ["700", "600", "600", "600", "600"]);
});

test("a job's folder is made once", (t) => {
  const folder = makeFolder(t);
  assert.throws(() => fillFolder(folder, "another"), { code: "EEXIST" });
});

test("after the end only the output stays", async (t) => {
  const folder = makeFolder(t);
  await writeEnv(folder, "A=1\n");
  await keepOutput(folder);
  await keepOutput(folder);
  assert.deepEqual(readdirSync(folder.path).toSorted(), ["output.jsonl", "stderr.log"]);
});

test("a container's output is added to what is there", (t) => {
  const folder = makeFolder(t);
  for (const _ of [1, 2]) {
    using files = openFiles(folder);
    writeSync(files.stdout, "line\n");
  }
  assert.equal(readFileSync(folder.output, "utf8"), "line\nline\n");
});

test("the standard streams are closed with their owner", (t) => {
  const folder = makeFolder(t);
  const { stdin } = (() => {
    using files = openFiles(folder);
    return files;
  })();
  assert.throws(() => readFileSync(stdin), { code: "EBADF" });
});
