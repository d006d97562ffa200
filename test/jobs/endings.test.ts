import assert from "node:assert/strict";
import { appendFileSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { localCaller } from "../../lib/auth/caller.ts";
import { jobFolder } from "../../lib/jobs/folder.ts";
import { until } from "../e2e/wait.ts";
import { jobOf, running } from "./containers.ts";
import { says } from "./ended-job.ts";
import { openRunner, resultLine } from "./harness.ts";

const cpuFree = { ...running, pid: 0 };

test("an agent that does nothing for the stall timeout is ended as stalled", async (t) => {
  const { fake, submit, resultOf } = openRunner(t, { jobs: { stall_timeout: "200ms" } });
  fake.state.inspected = cpuFree;
  fake.state.output = `${says("working")}\n`;
  const { id } = await submit();
  const { outcome, status, output, error } = await resultOf(id);
  assert.deepEqual([outcome, status, output], ["stalled", "failed", "working"]);
  assert.match(error ?? "", /stall_timeout/);
});

test("without a stall timeout an agent may be silent for long", async (t) => {
  const { fake, submit, jobs, runner } = openRunner(t, { jobs: { exit_grace: "1ms" } });
  const { id } = await submit();
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  await until("a few looks", () => fake.asked.includes(`wait stromboli-${id}`));
  assert.equal(jobs.find(id)?.stopReason, null);
  fake.exit(id, 0);
  await runner.ended(id);
});

test("an agent that idles behind its result is ended, and has succeeded", async (t) => {
  const { fake, submit, resultOf } = openRunner(t, { jobs: { exit_grace: "50ms" } });
  fake.state.output = resultLine;
  const { id } = await submit();
  const report = await resultOf(id);
  assert.deepEqual([report.outcome, report.output, report.exit_code], ["succeeded", "done", 130]);
  assert.deepEqual([fake.asked[1], "crash_info" in report], [`stop stromboli-${id}`, false]);
});

test("an agent that waits for the model behind its result is not ended", async (t) => {
  const { deps, fake, start, jobs } = openRunner(t, { jobs: { exit_grace: "20ms" } });
  fake.state.output = resultLine;
  let asked = 0;
  const open = async (door: Parameters<typeof deps.broker.open>[0]) => ({
    ...(await deps.broker.open(door)),
    isBusy: () => asked++ < 1_000_000,
  });
  const runner = start({ broker: { open } });
  const { id } = await runner.submit({ caller: localCaller, request: { prompt: "hi" }, mode: "run" });
  await until("a look", () => asked > 0);
  assert.equal(jobs.find(id)?.stopReason, null);
  fake.exit(id, 0);
  await runner.ended(id);
});

test("an agent that writes too much is stopped without grace, and what it wrote is cut", async (t) => {
  const { deps, fake, submit, resultOf, eventsOf } = openRunner(t, { jobs: { max_output: "1m" } });
  const graces: number[] = [];
  fake.replace("stop", (stop) => (name, graceMs) => (graces.push(graceMs), stop(name, graceMs)));
  fake.state.output = `${says("x".repeat(1000))}\n`.repeat(3000);
  const { id } = await submit();
  const { outcome, status } = await resultOf(id);
  assert.deepEqual([outcome, status, graces], ["output_limit", "failed", [0]]);
  const { size } = statSync(jobFolder(deps.jobsFolder, id).output);
  assert.ok(size >= 1_048_576 && size < 1_048_576 + 65_536, String(size));
  const lines = readFileSync(jobFolder(deps.jobsFolder, id).output, "utf8").trimEnd().split("\n");
  const events = await eventsOf(id);
  assert.deepEqual(
    events.filter(({ type }) => type === "output").map(({ data }) => data),
    lines,
  );
});

for (const source of ["output", "stderr"] as const) {
  test(`a flood of ${source} without a line feed is cut as well`, async (t) => {
    const { deps, fake, submit, resultOf } = openRunner(t, { jobs: { max_output: "1m" } });
    fake.state.onStart = (spec) =>
      appendFileSync(jobFolder(deps.jobsFolder, jobOf(spec))[source], "x".repeat(5_000_000));
    const { id } = await submit();
    assert.equal((await resultOf(id)).outcome, "output_limit");
    assert.ok(statSync(jobFolder(deps.jobsFolder, id)[source]).size < 1_048_576 + 65_536);
  });
}

test("a run that ended by itself while it was about to be stopped has its own outcome", async (t) => {
  const { fake, submit, resultOf } = openRunner(t);
  fake.state.output = resultLine;
  fake.state.inspected = { ...running, status: "exited" };
  fake.state.onStart = (spec) => void setImmediate(() => fake.exit(jobOf(spec), 0));
  const { id } = await submit({ podman: { timeout: "1ms" } });
  assert.equal((await resultOf(id)).outcome, "succeeded");
});

test("a stop that cannot be written down, or that Podman refuses, is tried again", async (t) => {
  const { db, fake, jobs, submit, runner, lines } = openRunner(t);
  let tries = 0;
  fake.replace(
    "stop",
    (stop) =>
      (...of) =>
        tries++ === 0 ? Promise.reject(new Error("busy")) : stop(...of),
  );
  const { id } = await submit({ podman: { timeout: "100ms" } });
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  db.pragma("query_only = on");
  await until("a try", () => lines.join("").includes("readonly"));
  db.pragma("query_only = off");
  await runner.ended(id);
  assert.deepEqual([jobs.find(id)?.ending?.outcome, tries], ["timed_out", 2]);
});

test("an end that cannot be written down is written down in the end", async (t) => {
  const { db, fake, jobs, submit, resultOf, lines } = openRunner(t);
  fake.state.output = resultLine;
  const { id } = await submit();
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  db.pragma("query_only = on");
  const result = resultOf(id);
  fake.exit(id, 0);
  await until("a try", () => lines.join("").includes("settling a job failed"));
  db.pragma("query_only = off");
  assert.equal((await result).outcome, "succeeded");
});

test("a start that cannot be written down is written down in the end, and the agent runs meanwhile", async (t) => {
  const { db, fake, jobs, submit, resultOf, lines } = openRunner(t);
  fake.state.output = resultLine;
  fake.state.onStart = () => void db.pragma("query_only = on");
  const { id } = await submit();
  await until("a try", () => lines.join("").includes("writing down that a job runs failed"));
  db.pragma("query_only = off");
  fake.exit(id, 0);
  assert.equal((await resultOf(id)).outcome, "succeeded");
  assert.equal(jobs.open().length, 0);
});

test("a container that Podman cannot remove is removed in the end, and the answer does not wait for it", async (t) => {
  const { fake, runner, submit, lines } = openRunner(t);
  let tries = 0;
  fake.replace("remove", (remove) => (name) => (tries++ === 0 ? Promise.reject(new Error("busy")) : remove(name)));
  const { id } = await submit();
  fake.exit(id, 0);
  await runner.ended(id);
  await until("a removal", () => fake.asked.includes(`remove stromboli-${id}`));
  assert.match(lines.join(""), /cleaning up after a job failed; trying again/);
});
