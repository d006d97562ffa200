import { join } from "node:path";
import { writeFileSync } from "node:fs";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRunner } from "../../lib/jobs/runner.ts";
import { requestOf } from "../harness.ts";
import { openRunner, resultLine } from "./harness.ts";

const running = { id: "abc", status: "running", exitCode: 0, oomKilled: false };

/** A job whose daemon has ended, and the next daemon's runner. */
const leaveJob = async (t: Parameters<typeof openRunner>[0]) => {
  const place = openRunner(t, { server: { shutdown_grace: "1ms" } });
  place.fake.state.output = resultLine;
  const { id, sessionId, done } = await place.runner.submit(requestOf());
  done.catch(() => {});
  await place.runner.drain();
  place.fake.asked.length = 0;
  return { ...place, id, sessionId, next: createRunner(place.deps) };
};

test("a container that still runs is waited for, its door open again", async (t) => {
  const { next, fake, jobs, doors, id } = await leaveJob(t);
  fake.state.inspected = running;
  await next.recover();
  fake.exit(0);
  await next.drain();
  assert.deepEqual(
    [jobs.find(id)?.ending?.outcome, doors.slice(2), fake.asked],
    ["succeeded", [`open ${id}`, `close ${id}`], [`wait stromboli-${id}`, `remove stromboli-${id}`]],
  );
});

test("a container that ended while no daemon ran has its true result", async (t) => {
  const { next, fake, jobs, id } = await leaveJob(t);
  fake.state.inspected = { ...running, status: "exited" };
  fake.exit(0);
  await next.recover();
  await next.drain();
  assert.equal(jobs.find(id)?.ending?.outcome, "succeeded");
});

test("a container that vanished after it had written its result has that result", async (t) => {
  const { next, fake, jobs, id, sessionId } = await leaveJob(t);
  fake.state.inspected = undefined;
  fake.exit(undefined);
  await next.recover();
  await next.drain();
  assert.deepEqual([jobs.find(id)?.ending?.outcome, jobs.uses(sessionId)], ["succeeded", false]);
});

test("a container that vanished before is a run that was lost, its session free again", async (t) => {
  const { deps, next, fake, jobs, id, sessionId } = await leaveJob(t);
  writeFileSync(join(deps.jobsFolder, id, "output.jsonl"), "");
  fake.state.inspected = undefined;
  fake.exit(undefined);
  await next.recover();
  await next.drain();
  assert.deepEqual([jobs.find(id)?.ending?.outcome, jobs.uses(sessionId)], ["lost", false]);
});

test("a run that ended in time did so, though the daemon came back after its deadline", async (t) => {
  const { deps, fake, jobs, id } = await leaveJob(t);
  fake.state.inspected = { ...running, status: "exited" };
  const next = createRunner({ ...deps, now: () => Date.now() + 86_400_000 });
  const recovered = next.recover();
  fake.exit(0);
  await recovered;
  await next.drain();
  assert.equal(jobs.find(id)?.ending?.outcome, "succeeded");
});

test("a cancel that a former daemon took down is carried out", async (t) => {
  const { next, fake, jobs, id } = await leaveJob(t);
  jobs.stopping(id, "cancelled", 1);
  await next.recover();
  await next.drain();
  assert.deepEqual([jobs.find(id)?.ending?.outcome, fake.asked.includes(`stop stromboli-${id}`)], ["cancelled", true]);
});

test("a job whose time ran out while no daemon ran is stopped at once", async (t) => {
  const { deps, fake, jobs, id } = await leaveJob(t);
  fake.state.inspected = running;
  const next = createRunner({ ...deps, now: () => Date.now() + 86_400_000 });
  await next.recover();
  await next.drain();
  assert.equal(jobs.find(id)?.ending?.outcome, "timed_out");
});

test("a second daemon counts a run once", async (t) => {
  const { next, fake, sessionStore, sessionId } = await leaveJob(t);
  fake.state.inspected = running;
  fake.exit(0);
  await next.recover();
  await next.drain();
  await next.recover();
  assert.equal(sessionStore.find(sessionId)?.runs, 1);
});

test("containers of ours that belong to no open job are removed, those of open jobs are not", async (t) => {
  const { next, fake, id } = await leaveJob(t);
  fake.state.inspected = running;
  fake.state.labelled = [`stromboli-${id}`, "stromboli-run-old", "stromboli-look-1"];
  await next.recover();
  assert.deepEqual(
    fake.asked.filter((asked) => asked.startsWith("remove")),
    ["remove stromboli-run-old", "remove stromboli-look-1"],
  );
  fake.exit(0);
  await next.drain();
});
