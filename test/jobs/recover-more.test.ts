import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { localCaller } from "../../lib/auth/caller.ts";
import { jobFolder } from "../../lib/jobs/folder.ts";
import { until } from "../e2e/wait.ts";
import { running } from "./containers.ts";
import { openLeft } from "./left-jobs.ts";

test("containers of ours that belong to no open job are removed, those of open jobs are not", async (t) => {
  const { runner, fake, leave } = openLeft(t);
  const { id, container } = leave({ state: "running" });
  fake.state.labelled = [container, "stromboli-run-old", "stromboli-look-1"];
  await runner.recover();
  await until("removals", () => fake.asked.filter((asked) => asked.startsWith("remove")).length >= 2);
  assert.deepEqual(
    fake.asked.filter((asked) => asked.startsWith("remove")),
    ["remove stromboli-run-old", "remove stromboli-look-1"],
  );
  fake.exit(id, 0);
  await runner.ended(id);
});

test("a Podman that cannot list containers at the start is asked again, and the daemon starts", async (t) => {
  const { runner, fake } = openLeft(t);
  let asked = 0;
  fake.replace("states", (states) => (label) => (asked++ === 0 ? Promise.reject(new Error("busy")) : states(label)));
  fake.state.labelled = ["stromboli-run-old"];
  await runner.recover();
  await until("a removal", () => fake.asked.includes("remove stromboli-run-old"));
});

test("a Podman that cannot say how a container stands is asked again, and the job is not begun meanwhile", async (t) => {
  const { runner, fake, jobs, leave } = openLeft(t);
  const { id } = leave({ state: "starting" });
  let asked = 0;
  fake.replace("inspect", (inspect) => (name) => (asked++ === 0 ? Promise.reject(new Error("busy")) : inspect(name)));
  fake.state.inspected = undefined;
  fake.exit(id, 0);
  await runner.recover();
  await runner.ended(id);
  assert.deepEqual([jobs.find(id)?.ending?.outcome, fake.started.length], ["succeeded", 1]);
});

test("a podman run that outlived its daemon is waited for, and its container taken up", async (t) => {
  const { runner, fake, jobs, leave } = openLeft(t);
  const { id, container } = leave({ state: "starting" });
  const child = spawn("sh", ["-c", "read line", "sh", `--name=${container}`], { stdio: ["pipe", "ignore", "ignore"] });
  t.after(() => child.kill());
  await once(child, "spawn");
  fake.state.inspected = undefined;
  await runner.recover();
  fake.state.inspected = running; // as it stands once the process has made it
  child.stdin?.end();
  await until("the wait", () => fake.asked.includes(`wait ${container}`));
  assert.deepEqual([jobs.find(id)?.state, fake.started.length], ["running", 0]);
  fake.exit(id, 0);
  await runner.ended(id);
});

test("the next job on the session of one that ended before it began has its turn", async (t) => {
  const { runner, fake, jobs, leave } = openLeft(t);
  const first = leave({ state: "starting" });
  const second = leave({ state: "pending", sessionId: first.sessionId });
  jobs.stopping(first.id, "cancelled", 1);
  fake.state.inspected = undefined;
  fake.exit(second.id, 0);
  await runner.recover();
  await runner.ended(first.id);
  await until("the second job", () => jobs.find(second.id)?.state === "ended");
});

test("a job that was left starting can be cancelled while it is taken up", async (t) => {
  const { runner, fake, jobs, leave } = openLeft(t);
  const { id } = leave({ state: "starting" });
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  let asked = 0;
  fake.replace("inspect", () => async () => {
    await gate;
    return asked++ === 0 ? undefined : running;
  });
  await runner.recover();
  const cancelled = runner.cancel(localCaller, id);
  open();
  await cancelled;
  assert.equal(jobs.find(id)?.ending?.outcome, "cancelled");
});

test("a session that waits for a job that was left keeps its row", async (t) => {
  const { runner, fake, jobs, sessionStore, leave } = openLeft(t);
  const first = leave({ state: "starting" });
  const second = leave({ state: "pending", sessionId: first.sessionId });
  fake.state.inspected = undefined;
  fake.state.startsWith = 125;
  await runner.recover();
  await until("the first end", () => jobs.find(first.id)?.state === "ended");
  assert.equal(jobs.find(first.id)?.ending?.outcome, "start_failed");
  await until("the second end", () => jobs.find(second.id)?.state === "ended");
  assert.equal(sessionStore.find(first.sessionId), undefined);
});

test("a container that vanished while it was being started, after a hook had begun, is not begun anew", async (t) => {
  const { runner, fake, jobs, leave, deps } = openLeft(t);
  const { id } = leave({ state: "starting" });
  writeFileSync(jobFolder(deps.jobsFolder, id).hookState, "started post_start 0\n");
  fake.state.inspected = undefined;
  fake.exit(id, undefined);
  await runner.recover();
  await runner.ended(id);
  assert.deepEqual([jobs.find(id)?.ending?.outcome, fake.started.length], ["lost", 0]);
});
