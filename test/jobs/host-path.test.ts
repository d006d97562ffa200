import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, realpathSync, statSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import { escapeMount, foresee, lookAt } from "../../lib/jobs/host-path.ts";
import { openBelow, tempFolder, writeFiles } from "../harness.ts";

const folderOf = (t: TestContext) => realpathSync(tempFolder(t));

test("a folder is told with its owner, and where it really is", (t) => {
  const folder = folderOf(t);
  symlinkSync(folder, join(folder, "link"));
  const { uid, gid } = statSync(folder);
  const { place: _, ...facts } = lookAt(join(folder, "link")) ?? {};
  assert.deepEqual(facts, { real: folder, kind: "folder", uid, gid, worldWritable: false, holds: [] });
});

test("a file, a socket and a device are told apart", async (t) => {
  const folder = folderOf(t);
  writeFiles(folder, { file: "" });
  const server = createServer().listen(join(folder, "socket"));
  t.after(() => server.close());
  await once(server, "listening");
  const kinds = [join(folder, "file"), join(folder, "socket"), "/dev/null"].map((path) => lookAt(path)?.kind);
  assert.deepEqual(kinds, ["file", "other", "other"]);
});

test("a folder that everyone may write to is told", (t) => {
  const folder = folderOf(t);
  chmodSync(folder, 0o777);
  assert.equal(lookAt(folder)?.worldWritable, true);
});

test("names that tell of credentials are told, also when they are links to nowhere", (t) => {
  const folder = folderOf(t);
  mkdirSync(join(folder, ".ssh"));
  symlinkSync("/nowhere", join(folder, "docker.sock"));
  writeFiles(folder, { ".bashrc": "" });
  assert.deepEqual(lookAt(folder)?.holds, [".ssh", "docker.sock"]);
});

test("what is missing, a link to nowhere and one to itself are nothing", (t) => {
  const folder = folderOf(t);
  symlinkSync("nowhere", join(folder, "dangling"));
  symlinkSync("loop", join(folder, "loop"));
  assert.deepEqual(
    ["missing", "dangling", "loop", "missing/x"].map((name) => lookAt(join(folder, name))),
    [undefined, undefined, undefined, undefined],
  );
});

test("a place is named as the kernel names mounts of it", (t) => {
  const folder = folderOf(t);
  const odd = join(folder, "a b\\c");
  mkdirSync(odd);
  const { device, root } = lookAt(odd)?.place ?? {};
  const mounts = readFileSync("/proc/self/mountinfo", "utf8");
  assert.match(mounts, new RegExp(`^\\d+ \\d+ ${device} `, "m"));
  assert.ok(root?.endsWith(`/a\\040b\\134c`), root);
});

test("the mount that a file system begins with is at its root", () => {
  assert.equal(lookAt("/proc")?.place.root, "/");
});

test("blanks, tabs, line feeds and backslashes are written as mountinfo does", () => {
  assert.equal(escapeMount("/a b\tc\nd\\e#é"), String.raw`/a\040b\011c\012d\134e#é`);
});

test("nothing is left open", (t) => {
  const folder = folderOf(t);
  lookAt(folder);
  lookAt(join(folder, "missing"));
  assert.deepEqual(openBelow(folder), []);
});

test("what is missing is foreseen where the folders above really are", (t) => {
  const folder = folderOf(t);
  mkdirSync(join(folder, "real"));
  symlinkSync("real", join(folder, "link"));
  const paths = ["new", "new/", "link/a/b", "link//a/"].map((name) => foresee(`${folder}/${name}`));
  assert.deepEqual(
    paths,
    ["new", "new", "real/a/b", "real/a"].map((name) => join(folder, name)),
  );
});

for (const name of ["dangling", "dangling/", "dangling/x", "a/../b", "a/./b", "a/..", "file/x", ".."]) {
  test(`nothing is foreseen for ${name}`, (t) => {
    const folder = folderOf(t);
    symlinkSync("/nowhere", join(folder, "dangling"));
    writeFiles(folder, { file: "" });
    assert.equal(foresee(`${folder}/${name}`), undefined);
  });
}
