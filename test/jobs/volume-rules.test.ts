import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { checkEntries, createVolumeRules } from "../../lib/jobs/volume-rules.ts";
import { configOf, tempFolder } from "../harness.ts";

const rulesFor = (volumes: string[], { own = [], more = {} }: { own?: string[]; more?: object } = {}) =>
  createVolumeRules(configOf({ policy: { volumes, ...more } }), own)();
const check =
  (volumes: string[], own: string[] = []) =>
  () =>
    checkEntries(configOf({ policy: { volumes } }), own);

/** A folder with a link to it. */
const linked = (t: TestContext) => {
  const folder = realpathSync(tempFolder(t));
  const [real, link] = [join(folder, "real"), join(folder, "link")];
  mkdirSync(real);
  symlinkSync(real, link);
  return { real, link };
};

test("entries and what is Stromboli's own are known by where they really are", (t) => {
  const { real, link } = linked(t);
  const { allowed, guarded } = rulesFor([`${link}:ro`, "/nowhere"], { own: [link, "/not/there/yet"] });
  assert.deepEqual([allowed, guarded.own], [[{ path: real, readOnly: true }], [real, "/not/there/yet"]]);
});

test("the homes of root and of this user are guarded", () => {
  const { homes } = rulesFor([]).guarded;
  assert.deepEqual(
    ["/root", userInfo().homedir].filter((home) => !homes.includes(realpathSync(home))),
    [],
  );
});

test("what is missing is foreseen only where it may be made", (t) => {
  const path = join(linked(t).real, "new");
  assert.equal(rulesFor([]).foresee(path), undefined);
  assert.equal(rulesFor([], { more: { create_missing: true } }).foresee(path), path);
});

test("an entry that can never be mounted is refused at the start, also through a link", (t) => {
  const { real, link } = linked(t);
  const refusal = { code: "config_invalid", message: /^policy\.volumes: .* can never be mounted: it .*; take it out/ };
  for (const entry of ["/etc:ro", "/home/x/.ssh", "/run/user", link])
    assert.throws(check(["/srv", entry], [real]), refusal, entry);
});

test("an entry above what is guarded is fine, and so is one that is not there", (t) => {
  assert.doesNotThrow(check(["/", "/home:ro", "/nowhere"], [linked(t).real]));
});

test("a file is read as it is, and neither through a link nor from a pipe, nor when it is long", (t) => {
  const { real } = linked(t);
  const path = (name: string) => join(real, name);
  writeFileSync(path("file"), "services: ä\n");
  writeFileSync(path("long"), Buffer.alloc(1_048_577));
  symlinkSync(path("file"), path("link"));
  execFileSync("sh", ["-c", "mkfifo pipe"], { cwd: real });
  const { read } = rulesFor([real]);
  const found = ["file", "long", "link", "pipe", "none", "."].map((name) => read(path(name)));
  assert.deepEqual(found, ["services: ä\n", ...Array.from({ length: 5 }).fill(undefined)]);
});
