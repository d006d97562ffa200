import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { makeMissing } from "../../lib/jobs/make-missing.ts";
import { planRun, type Plan } from "../../lib/policy/plan.ts";
import { configOf, openBelow, requestOf, tempFolder, writeFiles } from "../harness.ts";
import { hostPath, rulesOf } from "../policy/facts.ts";

const rootful = process.getuid?.() === 0;
const machine = { rootless: !rootful, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, selinux: false };

/** A plan in which all that is in `missing` is still to be made. */
const planOf = (path: string, missing = true): Plan =>
  planRun(requestOf({ podman: { volumes: [`${path}:/data`] } }), configOf(), {
    machine: { ...machine, stateLabel: "s" },
    rules: rulesOf({
      allowed: [{ path: "/", readOnly: false }],
      resolve: () => (missing ? undefined : hostPath(path)),
      foresee: () => path,
    }),
  });
const folderOf = (t: TestContext) => realpathSync(tempFolder(t));

test("folders are made for the agent's user, whatever the umask", (t) => {
  const folder = folderOf(t);
  const old = process.umask(0o077);
  t.after(() => process.umask(old));
  assert.equal(makeMissing(planOf(join(folder, "a/b"))), true);
  const [uid, gid] = rootful ? [1000, 1000] : [machine.uid, machine.gid];
  for (const path of [join(folder, "a"), join(folder, "a/b")]) {
    const stat = statSync(path);
    assert.deepEqual([stat.mode & 0o777, stat.uid, stat.gid], [0o755, uid, gid]);
  }
  assert.deepEqual(openBelow(folder), []);
});

test("what is there already stays as it is", (t) => {
  const folder = folderOf(t);
  const before = statSync(folder);
  assert.equal(makeMissing(planOf(folder, false)), false);
  assert.equal(makeMissing(planOf(folder)), true);
  assert.deepEqual([statSync(folder).uid, statSync(folder).mode], [before.uid, before.mode]);
});

test("a link on the way is not followed, though it was none when policy looked", (t) => {
  const folder = folderOf(t);
  for (const name of ["in", "out"]) mkdirSync(join(folder, name));
  const plan = planOf(join(folder, "in/new"));
  renameSync(join(folder, "in"), join(folder, "moved"));
  symlinkSync(join(folder, "out"), join(folder, "in"));
  assert.throws(() => makeMissing(plan), { code: "start_failed", message: /in\/new could not be made/ });
  assert.deepEqual([readdirSync(join(folder, "out")), openBelow(folder)], [[], []]);
});

test("a link to nowhere in the place of the new folder makes nothing there", (t) => {
  const folder = folderOf(t);
  const plan = planOf(join(folder, "new"));
  symlinkSync(join(folder, "elsewhere"), join(folder, "new"));
  assert.throws(() => makeMissing(plan), { code: "start_failed" });
  assert.equal(existsSync(join(folder, "elsewhere")), false);
});

test("a file on the way is a failure that is told", (t) => {
  const folder = folderOf(t);
  writeFiles(folder, { file: "" });
  assert.throws(() => makeMissing(planOf(join(folder, "file/new"))), { code: "start_failed", message: /ENOTDIR/ });
});
