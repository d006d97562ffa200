import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { jobFolder } from "../../lib/jobs/folder.ts";
import { until } from "../e2e/wait.ts";
import { running } from "./containers.ts";
import { openRunner, resultLine } from "./harness.ts";

/** A run whose hook is at work, in a container that the test ends. */
const begin = async (t: TestContext, podman: object = {}, config: Parameters<typeof openRunner>[1] = {}) => {
  const place = openRunner(t, { server: { shutdown_grace: "1ms" }, ...config });
  place.fake.state.inspected = { ...running, pid: 0 };
  const lifecycle = { post_start: ["make"], hooks_timeout: "300ms" };
  const { id } = await place.submit({ podman: { lifecycle, ...podman } });
  await until("the start", () => place.fake.asked.includes(`wait stromboli-${id}`));
  const { hookState, hookLog, output } = jobFolder(place.deps.jobsFolder, id);
  return { ...place, id, hookState, hookLog, output };
};

test("an agent that has begun since its hooks were seen to be late is not stopped", async (t) => {
  const { fake, id, hookState, output, resultOf } = await begin(t);
  fake.replace("inspect", (real) => (name) => {
    if (!name.endsWith(id)) return real(name);
    writeFileSync(hookState, "started post_start 0\nended post_start 0 0\ndone 1.5\n"); // between the look and the stop
    appendFileSync(output, resultLine);
    setTimeout(() => fake.exit(id, 0), 50);
    return real(name);
  });
  writeFileSync(hookState, "started post_start 0\n");
  const { outcome } = await resultOf(id);
  assert.deepEqual([outcome, fake.asked.includes(`stop stromboli-${id}`)], ["succeeded", false]);
});

test("hooks that are late are stopped", async (t) => {
  const { fake, id, hookState, resultOf } = await begin(t);
  writeFileSync(hookState, "started post_start 0\n");
  const { outcome } = await resultOf(id);
  assert.deepEqual([outcome, fake.asked.includes(`stop stromboli-${id}`)], ["hook_failed", true]);
});

test("a run that takes too long in a hook names it, with its last words", async (t) => {
  const { id, hookState, hookLog, resultOf } = await begin(t, { timeout: "200ms" });
  writeFileSync(hookState, "started post_start 0\n");
  writeFileSync(hookLog, "compiling\n");
  const { outcome, error, crash_info } = await resultOf(id);
  assert.equal(outcome, "timed_out");
  assert.match(error ?? "", /podman\.timeout and was ended; the hook post_start\[0\] \(make\) was at work$/);
  assert.equal(crash_info?.partial_output, "compiling\n");
});

test("a hook that takes too much memory is named, with its last words", async (t) => {
  const { fake, id, hookState, hookLog, resultOf } = await begin(t, { lifecycle: { post_start: ["make"] } });
  writeFileSync(hookState, "started post_start 0\n");
  writeFileSync(hookLog, "linking\n");
  fake.state.inspected = { ...running, pid: 0, oomKilled: true };
  fake.exit(id, 137);
  const { outcome, error, crash_info } = await resultOf(id);
  assert.equal(outcome, "oom_killed");
  assert.match(error ?? "", /^the hook post_start\[0\] \(make\) used more memory than podman\.memory/);
  assert.equal(crash_info?.partial_output, "linking\n");
});
