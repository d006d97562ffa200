import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { until } from "../e2e/wait.ts";
import { died, isAlive, label, openEnds } from "./listening.ts";

test("an event tells the end of a container, with its exit code and time", async (t) => {
  const { ended, tell } = openEnds(t);
  const end = ended("c");
  tell({ ...died("c", 137), Time: "2026-01-01T00:00:00.5Z" });
  assert.deepEqual(await end, { exitCode: 137, at: Date.UTC(2026, 0, 1) + 500 });
});

test("an event without an exit code tells success, as Podman 4 has it", async (t) => {
  const { ended, tell } = openEnds(t);
  const end = ended("c");
  tell(died("c"));
  assert.deepEqual(await end, { exitCode: 0, at: undefined });
});

test("one podman events serves all containers", async (t) => {
  const { ended, tell, calls } = openEnds(t);
  const all = ["a", "b", "c"].map((name) => ended(name));
  tell(died("b", 2));
  tell(died("a", 1));
  tell(died("c", 3));
  assert.deepEqual(
    (await Promise.all(all)).map((end) => end?.exitCode),
    [1, 2, 3],
  );
  assert.equal(calls("events"), 1);
});

test("what is no event of ours is passed over", async (t) => {
  const { ended, tell } = openEnds(t);
  const end = ended("c");
  for (const line of ["WARN[0000] x", "{", "{}", "[]", "null"]) tell(line);
  tell({ Name: "c", Status: "start" });
  tell(died("another", 9));
  tell(died("c", 4));
  assert.equal((await end)?.exitCode, 4);
});

test("an end that comes before anybody waits for it is remembered, once", async (t) => {
  const { ends, ended, tell, stands } = openEnds(t);
  ends.expect();
  tell(died("c", 7));
  tell(died("marker", 0));
  await ended("marker");
  assert.equal((await ended("c"))?.exitCode, 7);
  stands("exited", { ExitCode: 8 });
  assert.equal((await ended("c", { takenUp: true }))?.exitCode, 8);
});

test("an end that no event told is found by looking", async (t) => {
  const { ended, list, stands, calls } = openEnds(t);
  list("c", "running");
  const end = ended("c");
  await until("podman events", () => calls("events") === 1);
  stands("exited", { ExitCode: 3, FinishedAt: "2026-01-01T00:00:00Z" });
  list("c", "exited");
  assert.deepEqual(await end, { exitCode: 3, at: Date.UTC(2026, 0, 1) });
});

test("a container that was taken up is looked at at once", async (t) => {
  const { ended, list, stands, calls } = openEnds(t);
  list("c", "exited");
  stands("exited", { ExitCode: 5 });
  assert.equal((await ended("c", { takenUp: true }))?.exitCode, 5);
  assert.equal(calls("ps"), 1);
});

test("a container that is not there any more has no end", async (t) => {
  const { ended } = openEnds(t);
  assert.equal(await ended("c", { takenUp: true }), undefined);
});

test("a container that is removed under us has no end", async (t) => {
  const { ended, list, tell, calls } = openEnds(t);
  list("c", "running");
  const end = ended("c");
  await until("a look", () => calls("ps") > 0);
  list("another", "running");
  tell({ Name: "c", Status: "remove" });
  assert.equal(await end, undefined);
});

test("while podman events fails, the containers are looked at often", async (t) => {
  const { ended, list, stands, calls } = openEnds(t, { events: "exit 125" });
  list("c", "running");
  stands("running");
  const end = ended("c");
  await until("four looks", () => calls("ps") >= 4);
  stands("exited", { ExitCode: 6 });
  list("c", "exited");
  assert.equal((await end)?.exitCode, 6);
  assert.ok(calls("events") <= 2, "it is not tried without a pause");
});

test("a Podman that cannot list or inspect is asked again, and that is logged", async (t) => {
  const { ended, break: fail, list, stands, calls, log } = openEnds(t, { events: "exit 125" });
  list("c", "exited");
  fail("ps");
  fail("container");
  const end = ended("c", { takenUp: true });
  await until("a try", () => calls("ps") > 1);
  fail("ps", false);
  await until("a try", () => calls("container") > 1);
  stands("exited", { ExitCode: 2 });
  fail("container", false);
  assert.equal((await end)?.exitCode, 2);
  assert.match(log.join(""), /podman ps failed.*|.*database is locked/);
});

test("a container whose first process is gone though Podman says that it runs has no end", async (t) => {
  const { ended, list, stands } = openEnds(t, { events: "exit 125" });
  const child = spawn("true");
  await once(child, "exit");
  stands("running");
  list("c", "running", child.pid);
  assert.equal(await ended("c", { takenUp: true }), undefined);
});

test("a container whose first process lives goes on", async (t) => {
  const { ended, list, stands, calls } = openEnds(t, { events: "exit 125" });
  stands("running");
  list("c", "running", process.pid);
  let over = false;
  const end = ended("c", { takenUp: true }).finally(() => (over = true));
  await until("three looks", () => calls("ps") >= 3);
  assert.equal(over, false);
  stands("exited", { ExitCode: 2 });
  list("c", "exited");
  assert.equal((await end)?.exitCode, 2);
});

test("the wait can be given up, also before it began", async (t) => {
  const { ended } = openEnds(t);
  const stop = new AbortController();
  const end = ended("c", { signal: stop.signal });
  stop.abort();
  await assert.rejects(end, { code: "shutting_down" });
  await assert.rejects(ended("d", { signal: stop.signal }), { code: "shutting_down" });
});

test("closing ends podman events, and waits for it", async (t) => {
  const { ends, pids } = openEnds(t);
  ends.expect();
  const [pid = 0] = await until("podman events", () => pids().length > 0 && pids());
  assert.equal(isAlive(pid), true);
  await ends[Symbol.asyncDispose]();
  assert.equal(isAlive(pid), false);
});

test("without a container nothing is asked of Podman", async (t) => {
  const { ends, calls } = openEnds(t);
  await ends[Symbol.asyncDispose]();
  assert.equal(calls("events") + calls("ps"), 0);
});

test("what a daemon that was killed has left listening is ended by the next one", async (t) => {
  const argv = ["events", `--filter=label=${label}`, "--filter=event=died", "--filter=event=remove", "--format=json"];
  const left = spawn("sh", ["-c", "read line", "sh", ...argv], { stdio: ["pipe", "ignore", "ignore"] });
  const other = spawn("sh", ["-c", "read line", "sh", ...argv.with(1, "--filter=label=other")], { stdio: ["pipe", "ignore", "ignore"] }); // prettier-ignore
  t.after(() => other.kill());
  await Promise.all([once(left, "spawn"), once(other, "spawn")]);
  const ended = once(left, "exit");
  openEnds(t);
  assert.deepEqual(await ended, [null, "SIGTERM"]);
  assert.equal(isAlive(other.pid ?? 0), true);
});
