import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createTarReader, type TarEntry } from "../../lib/podman/tar.ts";
import { tempFolder, writeFiles } from "../harness.ts";

const tarOf = (t: TestContext): Buffer => {
  const folder = tempFolder(t);
  writeFiles(folder, { "bin/plain": "x".repeat(1500), "bin/empty": "", "bin/tool": "#!/bin/sh\n", "bin/deep/er": "" });
  chmodSync(join(folder, "bin/tool"), 0o755);
  symlinkSync("tool", join(folder, "bin/link"));
  return execFileSync("tar", ["--sort=name", "-C", folder, "-c", "bin"]);
};

const entriesOf = (tar: Buffer, pieceBytes: number): TarEntry[] => {
  const entries: TarEntry[] = [];
  const read = createTarReader((entry) => entries.push(entry));
  for (let at = 0; at < tar.length; at += pieceBytes) read(tar.subarray(at, at + pieceBytes));
  return entries;
};

test("a tar's entries are read with their names, modes and kinds", (t) => {
  const entries = entriesOf(tarOf(t), 1e9).map(({ name, mode, isLink, isFolder }) => [
    name,
    (mode & 0o111) !== 0 && !isFolder && !isLink,
    isLink,
    isFolder,
  ]);
  assert.deepEqual(entries, [
    ["bin/", false, false, true],
    ["bin/deep/", false, false, true],
    ["bin/deep/er", false, false, false],
    ["bin/empty", false, false, false],
    ["bin/link", false, true, false],
    ["bin/plain", false, false, false],
    ["bin/tool", true, false, false],
  ]);
});

for (const pieceBytes of [1, 7, 511, 512, 513, 2048])
  test(`pieces of ${pieceBytes} bytes give the same entries`, (t) => {
    const tar = tarOf(t);
    assert.deepEqual(entriesOf(tar, pieceBytes), entriesOf(tar, 1e9));
  });
