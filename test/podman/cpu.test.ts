import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { cpuMsOf } from "../../lib/podman/cpu.ts";
import { until } from "../e2e/wait.ts";
import { tempFolder } from "../harness.ts";

/** A shell that is killed with all its processes. */
const startShell = async (t: TestContext, script: string, shell = "sh") => {
  const child = spawn(shell, ["-c", script], { stdio: ["pipe", "pipe", "ignore"], detached: true });
  await once(child, "spawn");
  const { pid = 0 } = child;
  t.after(() => process.kill(-pid, "SIGKILL"));
  return { child, pid };
};

const spin = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";

test("a process that computes uses CPU time, and one that waits does not", async (t) => {
  const { pid } = await startShell(t, "while :; do :; done");
  const idle = await startShell(t, "read line");
  await until("CPU time", () => cpuMsOf(pid) >= 100);
  assert.ok(cpuMsOf(idle.pid) < 100);
});

test("what the processes below compute counts", async (t) => {
  const { pid } = await startShell(t, "(while :; do :; done) & read line");
  await until("CPU time", () => cpuMsOf(pid) >= 100);
});

test("what processes below have computed before they ended counts", async (t) => {
  const { child, pid } = await startShell(t, `(${spin}); echo done; read line`);
  await once(child.stdout, "data");
  assert.ok(cpuMsOf(pid) >= 50, String(cpuMsOf(pid)));
});

test("a name with spaces and parentheses is no trouble", async (t) => {
  const odd = join(tempFolder(t), "a) b (c");
  copyFileSync("/bin/sh", odd);
  const { pid } = await startShell(t, "while :; do :; done", odd);
  await until("CPU time", () => cpuMsOf(pid) >= 50);
});

test("a process that is gone has used none", async () => {
  const child = spawn("true");
  await once(child, "exit");
  assert.equal(cpuMsOf(child.pid ?? 0), 0);
});

test("no process at all has used none", () => {
  assert.equal(cpuMsOf(0), 0);
});
