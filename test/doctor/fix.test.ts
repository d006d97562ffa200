import assert from "node:assert/strict";
import { existsSync, lstatSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { failure, type Fix } from "../../lib/doctor/finding.ts";
import { applyFix, describeFix, fixesFor } from "../../lib/doctor/fix.ts";
import { tempFolder, writeFiles } from "../harness.ts";

const finding = (fix?: Fix) => ({ name: "x", ...failure("a", "b"), ...(fix && { fix }) });

test("one set-up mends all that a set-up can, after all else, as thoroughly as any asks for", () => {
  const fixes = fixesFor([
    finding({ kind: "setup", args: [] }),
    finding(),
    finding({ kind: "setup", args: ["--force"] }),
    finding({ kind: "remove", path: "/s" }),
    finding({ kind: "mode", paths: ["/a", "/b"], mode: 0o700 }),
  ]);
  assert.deepEqual(fixes.map(describeFix), ["rm /s", "chmod 700 /a /b", "stromboli setup --force"]);
});

test("a folder's mode is mended, and no link is followed", async (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { "open/x": "", "other/x": "" });
  symlinkSync(join(folder, "other"), join(folder, "link"));
  const before = lstatSync(join(folder, "other")).mode;
  await applyFix({ kind: "mode", paths: ["open", "link", "missing"].map((name) => join(folder, name)), mode: 0o700 });
  assert.equal(lstatSync(join(folder, "open")).mode & 0o777, 0o700);
  assert.equal(lstatSync(join(folder, "other")).mode, before);
});

test("a socket that answers again stays, and so does a file that is none", async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, "api.sock");
  const server = createServer().listen(path);
  t.after(() => server.close());
  await once(server, "listening");
  writeFiles(folder, { file: "" });
  await applyFix({ kind: "remove", path });
  await applyFix({ kind: "remove", path: join(folder, "file") });
  assert.deepEqual([existsSync(path), existsSync(join(folder, "file"))], [true, true]);
});
