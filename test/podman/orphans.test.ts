import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import { createOrphanWatch, endOrphans, endProcessesWith } from "../../lib/podman/orphans.ts";
import { isAlive } from "./listening.ts";

const never = new AbortController().signal;
const nameOf = () => `stromboli-job-${Math.random().toString(16).slice(2)}`;

/** A watch, and a test that lives as long as somebody waits for it. */
const openWatch = (t: TestContext) => {
  const alive = setInterval(() => {}, 60_000);
  t.after(() => clearInterval(alive));
  return createOrphanWatch();
};

/** A process with these arguments that lives until its input ends. */
const startProcess = (t: TestContext, ...argv: string[]) => startIn(t, {}, ...argv);

const startIn = async (t: TestContext, env: Record<string, string>, ...argv: string[]) => {
  const child = spawn("sh", ["-c", "read line", "sh", ...argv], {
    stdio: ["pipe", "ignore", "ignore"],
    env: { ...process.env, ...env },
  });
  t.after(() => child.kill());
  await once(child, "spawn");
  return child;
};

test("without a process that starts a container nothing is waited for", async (t) => {
  await assert.doesNotReject(openWatch(t).noneStarting(nameOf(), never));
});

test("a process that starts a container is waited for", async (t) => {
  const watch = openWatch(t);
  const [name, other] = [nameOf(), nameOf()];
  const child = await startProcess(t, "run", `--name=${name}`, "image");
  let over = false;
  const waiting = watch.noneStarting(name, never).then(() => (over = true));
  await watch.noneStarting(other, never); // the looks are the same
  assert.equal(over, false);
  child.stdin.end();
  await waiting;
});

test("a process whose container only begins with the name is not waited for", async (t) => {
  const name = nameOf();
  await startProcess(t, `--name=${name}0`, `--label=--name=${name}`, name);
  await assert.doesNotReject(openWatch(t).noneStarting(name, never));
});

test("the wait can be given up", async (t) => {
  const name = nameOf();
  await startProcess(t, `--name=${name}`);
  const stop = new AbortController();
  const waiting = openWatch(t).noneStarting(name, stop.signal);
  stop.abort();
  await assert.rejects(waiting, { name: "AbortError" });
});

test("a process that hangs is ended", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const watch = openWatch(t);
  const name = nameOf();
  const child = await startProcess(t, `--name=${name}`);
  const ended = once(child, "exit");
  const waiting = watch.noneStarting(name, never);
  await watch.noneStarting(nameOf(), never);
  assert.equal(isAlive(child.pid ?? 0), true);
  now = 3_600_000;
  assert.deepEqual(await ended, [null, "SIGKILL"]);
  await waiting;
});

test("processes that have all the arguments are ended, others are not", async (t) => {
  const [a, b] = [nameOf(), nameOf()];
  const [both, one] = [await startProcess(t, a, "x", b), await startProcess(t, a)];
  const ended = once(both, "exit");
  endProcessesWith([b, a]);
  assert.deepEqual([await ended, isAlive(one.pid ?? 0)], [[null, "SIGTERM"], true]);
});

test("what a former daemon has left is known by command and variable, and gone afterwards", async (t) => {
  const name = nameOf();
  const [left, other, elsewhere] = [
    await startIn(t, { TMPDIR: `/var/tmp/${name}-1` }, "pull"),
    await startIn(t, { TMPDIR: `/var/tmp/${name}-1` }, "search"),
    await startIn(t, { TMPDIR: "/var/tmp/other" }, "pull"),
  ];
  const ended = once(left, "exit");
  await endOrphans("pull", new RegExp(`^TMPDIR=.*/${name}-`));
  assert.deepEqual(
    [await ended, [other, elsewhere].map((child) => isAlive(child.pid ?? 0))],
    [
      [null, "SIGTERM"],
      [true, true],
    ],
  );
});
