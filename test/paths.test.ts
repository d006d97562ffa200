import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { configFolder, defaultSocket, isOwnFolder, runtimeFolder, stateFolder } from "../lib/paths.ts";
import { tempFolder, writeFiles } from "./harness.ts";

test("the XDG folders are used", () => {
  const env = { XDG_CONFIG_HOME: "/c", XDG_STATE_HOME: "/s", XDG_RUNTIME_DIR: "/r", HOME: "/h" };
  assert.deepEqual(
    [configFolder(env), stateFolder(env), defaultSocket(env)],
    ["/c/stromboli", "/s/stromboli", "/r/stromboli/api.sock"],
  );
});

test("without them the folders are below HOME", () => {
  assert.deepEqual(
    [configFolder({ HOME: "/h" }), stateFolder({ HOME: "/h" })],
    ["/h/.config/stromboli", "/h/.local/state/stromboli"],
  );
});

for (const value of ["", "relative"]) {
  test(`an XDG folder that is not absolute counts as unset: ${JSON.stringify(value)}`, () => {
    const env = { XDG_CONFIG_HOME: value, XDG_RUNTIME_DIR: value, HOME: "/h" };
    assert.deepEqual([configFolder(env), runtimeFolder(env)], ["/h/.config/stromboli", runtimeFolder({})]);
  });
}

test("without a runtime folder the socket's is one of this user's own", () => {
  assert.match(runtimeFolder({}), new RegExp(`/stromboli-${process.getuid?.()}$`));
});

for (const [mode, own] of [
  [0o700, true],
  [0o755, true],
  [0o1777, true],
  [0o777, false],
  [0o770, false],
] as const) {
  test(`a folder of ours with mode ${mode.toString(8)} is ${own ? "" : "not "}safe`, (t) => {
    const folder = tempFolder(t);
    chmodSync(folder, mode);
    assert.equal(isOwnFolder(folder), own);
  });
}

test("what is no folder is not safe", (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { file: "" });
  assert.deepEqual([isOwnFolder(join(folder, "file")), isOwnFolder(join(folder, "none"))], [false, false]);
});

test("a link is not safe, wherever it leads", (t) => {
  const folder = tempFolder(t);
  symlinkSync(folder, join(folder, "link"));
  assert.equal(isOwnFolder(join(folder, "link")), false);
});

const skip = process.getuid?.() !== 0 && "only root can give folders away";

test("another user's folder is not safe, however tight it is", { skip }, (t) => {
  const folder = join(tempFolder(t), "theirs");
  mkdirSync(folder, { mode: 0o700 });
  chownSync(folder, 4321, 4321);
  assert.equal(isOwnFolder(folder), false);
});
