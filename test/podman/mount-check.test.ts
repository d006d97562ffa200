import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { execa } from "execa";
import { mountCheck } from "../../lib/podman/mount-check.ts";
import { tempFolder, writeFiles } from "../harness.ts";

/** A mount of this machine's own with a folder above it: `root` stands for a container's root, `target` for a volume's. */
const [device = "", place = "", point = ""] =
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ").slice(2, 5))
    .findLast(([, , at = ""]) => at.startsWith("/sys/")) ?? [];
const mount = { device, root: place, target: point.slice("/sys".length) };

type Options = { root?: string; state?: (bundle: string) => string };
const compact = (bundle: string) => JSON.stringify({ id: "1", pid: process.pid, bundle });

/** Runs the hook as a runtime does, on this process in the place of a container's; what it said has changed. */
const check = async (
  t: TestContext,
  expected: readonly (typeof mount)[],
  { root = "/sys", state = compact }: Options = {},
) => {
  const folder = tempFolder(t);
  const process = { env: ['X="root":{"path":"/"}'] };
  writeFiles(folder, { "config.json": JSON.stringify({ process, root: { path: root, readonly: true } }) });
  const changed = join(folder, "changed");
  const { hook } = JSON.parse(mountCheck(expected, changed)) as { hook: { path: string; args: string[] } };
  const options = { input: state(folder), env: {}, extendEnv: false, reject: false } as const;
  const { exitCode } = await execa(hook.path, hook.args.slice(1), options);
  return { exitCode, changed: existsSync(changed) ? readFileSync(changed, "utf8") : undefined };
};
const passed = { exitCode: 0, changed: undefined };
const refused = { exitCode: 1, changed: `${mount.target}\n` };

test("a container whose volumes are what was checked is made", async (t) => {
  assert.deepEqual(await check(t, [mount, mount]), passed);
});

for (const [title, more] of [
  ["another place of the same file system", { root: `${mount.root}x` }],
  ["the same place of another file system", { device: "1:1" }],
] as const) {
  test(`${title} is not what was checked`, async (t) => {
    assert.deepEqual(await check(t, [mount, { ...mount, ...more }]), refused);
  });
}

test("a volume that is mounted elsewhere is not at its target", async (t) => {
  assert.deepEqual(await check(t, [{ ...mount, target: "/elsewhere" }]), { exitCode: 1, changed: "/elsewhere\n" });
});

const onManyLines = (bundle: string) =>
  JSON.stringify({ ociVersion: "1.0", id: "1", pid: process.pid, bundle }, undefined, 4);

test("the runtime's state may be laid out on many lines, as crun has it", async (t) => {
  assert.deepEqual(await check(t, [mount], { state: onManyLines }), passed);
});

for (const [title, options] of [
  ["whose root is the host's", { root: "/" }],
  ["whose root is missing", { root: "/nowhere" }],
  ["whose process is gone", { state: (bundle: string) => JSON.stringify({ pid: 2 ** 30, bundle }) }],
  ["that is not told", { state: () => "" }],
] as const) {
  test(`a container ${title} is not made`, async (t) => {
    const { exitCode } = await check(t, [mount], options);
    assert.equal(exitCode, 1);
  });
}
