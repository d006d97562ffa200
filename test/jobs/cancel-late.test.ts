import assert from "node:assert/strict";
import { test } from "node:test";
import { localCaller } from "../../lib/auth/caller.ts";
import { until } from "../e2e/wait.ts";
import { openRunner, resultLine } from "./harness.ts";

for (const disk of ["good", "full"] as const) {
  test(`a cancel that comes while the end is being written down is answered by what is written, the disk ${disk}`, async (t) => {
    const { db, runner, fake, jobs, submit } = openRunner(t);
    fake.state.output = resultLine;
    const { id } = await submit({}, "job");
    await until("a job that runs", () => jobs.find(id)?.state === "running");
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    fake.replace("inspect", () => async () => {
      ask();
      await gate;
      return undefined;
    });
    fake.exit(id, 1); // so that the container is inspected, before the row is closed
    await asked;
    if (disk === "full") db.pragma("query_only = on");
    const cancelled = runner.cancel(localCaller, id).then(
      () => "cancelled",
      () => "refused",
    );
    db.pragma("query_only = off");
    open();
    const answer = await cancelled;
    await until("the end", () => jobs.find(id)?.state === "ended");
    assert.equal(answer, jobs.find(id)?.ending?.outcome === "cancelled" ? "cancelled" : "refused");
  });
}

test("a run whose client has gone is cancelled, however long that cannot be written down", async (t) => {
  const { db, runner, fake, jobs, submit, lines } = openRunner(t, { jobs: { max_running: 1 } });
  const [first, second] = [await submit(), await submit()];
  db.pragma("query_only = on");
  runner.leave(second.id);
  await until("a try", () => lines.join("").includes("cancelling a run without a client failed"));
  db.pragma("query_only = off");
  await until("the end", () => jobs.find(second.id)?.state === "ended");
  assert.equal(jobs.find(second.id)?.ending?.outcome, "cancelled");
  fake.exit(first.id, 0);
});

test("a run whose client has gone when it had ended stays as it is", async (t) => {
  const { runner, fake, jobs, submit, lines } = openRunner(t);
  fake.state.output = resultLine;
  const { id } = await submit();
  fake.exit(id, 0);
  await runner.ended(id);
  runner.leave(id);
  await runner.drain();
  assert.equal(jobs.find(id)?.ending?.outcome, "succeeded");
  assert.doesNotMatch(lines.join(""), /without a client/);
});

test("a run whose client is gone because the daemon stops goes on", async (t) => {
  const { runner, jobs, submit } = openRunner(t, { server: { shutdown_grace: "1ms" } });
  const { id } = await submit();
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  await runner.drain();
  runner.leave(id);
  assert.deepEqual([jobs.find(id)?.state, jobs.find(id)?.stopReason], ["running", null]);
});
