import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { StromboliError } from "../../lib/errors.ts";
import { until } from "../e2e/wait.ts";
import { resultLine } from "./harness.ts";
import { openLeft } from "./left-jobs.ts";

type Asked = { reference: string; signal: AbortSignal; end: (id: string) => void; fail: (error: Error) => void };

const reference = "docker.io/library/python:3";
const missing = { reference, id: "", digest: "" };

/** A daemon that finds a job whose image has yet to be pulled; the pulls are the test's. */
const openPulling = (t: TestContext) => {
  const place = openLeft(t);
  const asked: Asked[] = [];
  const join = (wanted: string, signal: AbortSignal) => {
    const { promise: done, resolve: end, reject: fail } = Promise.withResolvers<string>();
    signal.addEventListener("abort", () => fail(new StromboliError("shutting_down", "given up")));
    asked.push({ reference: wanted, signal, end, fail });
    return { done, async *lines() {} };
  };
  place.fake.state.inspected = undefined;
  const pulls = { join };
  return { ...place, asked, pulls, runner: place.start({ pulls }) };
};

test("a job that was left while its image was pulled has it pulled again", async (t) => {
  const { runner, asked, fake, jobs, leave } = openPulling(t);
  const { id } = leave({ state: "starting", image: missing });
  fake.exit(id, 0);
  await runner.recover();
  await until("the pull", () => asked.length > 0);
  asked[0]?.end("sha256:1");
  await runner.ended(id);
  const job = jobs.find(id);
  assert.deepEqual(
    [asked.map((pull) => pull.reference), job?.image, job?.ending?.outcome],
    [[reference], { reference, id: "sha256:1", digest: "sha256:2" }, "succeeded"],
  );
});

test("what has come since the job was let in is not pulled again where the missing is pulled", async (t) => {
  const { start, pulls, asked, fake, jobs, leave, deps } = openPulling(t);
  const runner = start({ pulls, config: { ...deps.config, policy: { ...deps.config.policy, pull: "missing" } } });
  const { id } = leave({ state: "starting", image: missing });
  fake.exit(id, 0);
  await runner.recover();
  await runner.ended(id);
  assert.deepEqual([asked, jobs.find(id)?.ending?.outcome], [[], "succeeded"]);
});

test("a job whose image was there has no time of a pull", async (t) => {
  const { jobs, leave } = openPulling(t);
  const { id } = leave({ state: "pending" });
  assert.equal(jobs.find(id)?.pullMs, null);
});

test("a pull that fails ends its job with the reason", async (t) => {
  const { runner, asked, jobs, leave } = openPulling(t);
  const { id } = leave({ state: "pending", image: missing });
  await runner.recover();
  await until("the pull", () => asked.length > 0);
  asked[0]?.fail(new StromboliError("registry_denied", "not for you"));
  await assert.rejects(runner.ended(id), { code: "registry_denied" });
  const { outcome, error, timings } = jobs.find(id)?.ending ?? {};
  assert.deepEqual([outcome, typeof timings?.pull, timings?.create], ["start_failed", "number", 0]);
  assert.match(error ?? "", /not for you/);
});

test("a daemon that stops gives the pull up, and leaves the job as it is", async (t) => {
  const { runner, asked, jobs, leave } = openPulling(t);
  const { id } = leave({ state: "pending", image: missing });
  await runner.recover();
  await until("the pull", () => asked.length > 0);
  await runner.drain();
  assert.deepEqual([asked[0]?.signal.aborted, jobs.find(id)?.state], [true, "starting"]);
});

test("policy is asked again before the pull", async (t) => {
  const { asked, deps, pulls, start, jobs, leave } = openPulling(t);
  const { id } = leave({ state: "pending", image: missing });
  const config = { ...deps.config, policy: { ...deps.config.policy, images: [] } };
  const runner = start({ pulls, config });
  await runner.recover();
  await assert.rejects(runner.ended(id), { code: "image_not_allowed" });
  assert.deepEqual([asked, jobs.find(id)?.ending?.outcome], [[], "start_failed"]);
});

test("the time of the pull is taken off the agent's", async (t) => {
  const { runner, fake, jobs, leave } = openPulling(t);
  const { id } = leave({ state: "starting", image: missing, timeoutMs: 60_000, output: resultLine });
  jobs.pulled(id, { id: "sha256:1", digest: "sha256:2" }, 60_000);
  jobs.started(id, Date.now());
  fake.state.inspected = { id: "abc", status: "running", pid: 0, exitCode: 0, oomKilled: false };
  await runner.recover();
  await runner.ended(id);
  assert.equal(jobs.find(id)?.ending?.outcome, "timed_out");
  assert.equal(jobs.find(id)?.ending?.timings.pull, 60_000);
});

test("the time of a pull goes on with the next daemon", async (t) => {
  const { runner, asked, jobs, leave, deps } = openPulling(t);
  const { id } = leave({ state: "starting", image: missing, timeoutMs: 60_000 });
  deps.db.prepare("update jobs set claimed_at = claimed_at - 59500 where id = ?").run(id);
  await runner.recover();
  await until("the pull", () => asked.length > 0);
  await runner.ended(id);
  const { outcome, timings } = jobs.find(id)?.ending ?? {};
  assert.equal(outcome, "timed_out");
  assert.ok((timings?.pull ?? 0) >= 59_500, `${timings?.pull}`);
});
