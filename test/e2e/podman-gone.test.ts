import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { execa } from "execa";
import { startStromboli } from "./harness.ts";
import { processIds, readProcess } from "./proc.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

const folder = mkdtempSync("/tmp/stromboli-e2e-podman-");
after(() => rmSync(folder, { recursive: true }));
const binary = join(folder, "podman");
const { stdout: real } = await execa("sh", ["-c", "command -v podman"]);
const takeAway = () => rmSync(binary);
const bringBack = () => existsSync(binary) || symlinkSync(real, binary);
bringBack();

const config = { claude: { binary: makeStandIn({ after }) }, podman: { binary } };
const stromboli = await startStromboli({ after }, { config });
const { submit, ended, show, run, send } = stromboli;

/** A job whose agent waits to be told to go. */
const atWork = async (more: object = {}) => {
  const session_id = randomUUID();
  const { body } = await submit({ prompt: "hold; answer hi; exit 3", claude: { session_id }, ...more });
  await stromboli.job(session_id, "running");
  return { id: String(body.job_id), go: () => writeFileSync(join(stromboli.workspace(session_id), "go"), "") };
};

/** The daemon's `podman events`. */
const eventReaders = () => processIds().filter(isEvents);
const isEvents = (pid: string): boolean => {
  const [, parent] = /\nPPid:\s+(\d+)/.exec(readProcess(pid, "status")) ?? [];
  return Number(parent) === stromboli.pid() && readProcess(pid, "cmdline").includes("events");
};
const noContainers = () => until("the containers to go", async () => (await stromboli.containers()).length === 0);

test("a job whose Podman is removed while it works ends with its true outcome, and its container goes in the end", async () => {
  const { id, go } = await atWork();
  takeAway();
  const refused = await submit({ prompt: "answer hi" });
  const { status, body } = await run({ prompt: "answer hi" });
  const health = (await (await send("/health")).json()) as { status: string };
  go();
  const early = await ended(id);
  const left = await stromboli.containers();
  bringBack();
  assert.deepEqual([refused.status, refused.body.code], [503, "podman_unusable"]);
  assert.deepEqual([status, body.code, health.status], [503, "podman_unusable", "degraded"]);
  assert.match(String(refused.body.error), /not installed; run bin\/setup/);
  assert.deepEqual([early.outcome, early.output, early.exit_code], ["succeeded", "hi", 3]);
  assert.deepEqual(left, [`stromboli-${id}`]);
  await noContainers();
  assert.equal((await run({ prompt: "answer again" })).body.output, "again");
});

test("a job whose end nobody could tell at the time ends with its true outcome when Podman is back", async () => {
  const { id, go } = await atWork();
  takeAway();
  for (const pid of eventReaders()) process.kill(Number(pid), "SIGKILL"); // as if Podman was upgraded
  go();
  await until("Podman to be missed", () => stromboli.log().includes("podman ps failed"));
  assert.equal((await show(id)).status, "running");
  bringBack();
  const { outcome, output, exit_code } = await ended(id);
  assert.deepEqual([outcome, output, exit_code], ["succeeded", "hi", 3]);
  await noContainers();
});

test("a job whose time is up while Podman is gone is ended when it is back", async () => {
  const { id } = await atWork({ podman: { timeout: "5s" } });
  takeAway();
  await until("the timeout", async () => stromboli.stopReason(id) === "timed_out");
  assert.equal((await show(id)).status, "running");
  bringBack();
  assert.equal((await ended(id)).outcome, "timed_out");
  await noContainers();
});

test("a job that is cancelled while Podman is gone is ended when it is back", async () => {
  const { id } = await atWork();
  takeAway();
  const answer = stromboli.cancel(id);
  await until("the request", () => stromboli.stopReason(id) === "cancelled");
  bringBack();
  assert.deepEqual([(await answer).status, (await ended(id)).outcome], [200, "cancelled"]);
  await noContainers();
});

test("a job whose turn comes while Podman is gone says that it could not start", async () => {
  const { id, go } = await atWork();
  const { session_id } = await show(id);
  const { body } = await submit({ prompt: "answer hi", claude: { session_id, resume: true } });
  await until("podman events", () => eventReaders().length > 0); // or no end can be told
  takeAway();
  go();
  await ended(id);
  await until("an attempt", () => stromboli.log().includes("run could not be started"));
  bringBack();
  const { outcome, error } = await ended(String(body.job_id));
  assert.equal(outcome, "start_failed");
  assert.match(String(error), /could not be run: it is not installed/);
  await noContainers();
});
