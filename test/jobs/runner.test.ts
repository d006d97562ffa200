import assert from "node:assert/strict";
import { test } from "node:test";
import { localCaller } from "../../lib/auth/caller.ts";
import { requestOf } from "../harness.ts";
import { openRunner, resultLine } from "./harness.ts";

test("a run ends with the agent's result", async (t) => {
  const { fake, jobs, submit, resultOf } = openRunner(t);
  fake.state.output = resultLine;
  const { id } = await submit();
  fake.exit(id, 0);
  const { outcome, output, exit_code } = await resultOf(id);
  assert.deepEqual([outcome, output, exit_code, jobs.find(id)?.ending?.outcome], ["succeeded", "done", 0, "succeeded"]);
});

test("a run and a job can be told by their ids", async (t) => {
  const { fake, submit } = openRunner(t);
  const [run, job] = [await submit({}, "run"), await submit({}, "job")];
  for (const { id } of [run, job]) fake.exit(id, 0);
  assert.match(`${run.id} ${job.id}`, /^run-[0-9a-f]{16} job-[0-9a-f]{16}$/);
});

test("after the end container and door are gone, and of the job's files the output stays", async (t) => {
  const { runner, fake, doors, filesOf, submit } = openRunner(t);
  const { id } = await submit();
  fake.exit(id, 0);
  await runner.ended(id);
  await runner.drain();
  assert.deepEqual(
    [fake.asked.at(-1), doors, filesOf(id)],
    [`remove stromboli-${id}`, [`open ${id}`, `close ${id}`], ["events.idx", "output.jsonl", "stderr.log"]],
  );
});

test("the real key is in nothing that a container gets", async (t) => {
  const { runner, fake, submit } = openRunner(t);
  const { id } = await submit();
  fake.exit(id, 0);
  await runner.ended(id);
  assert.equal(fake.started.length, 1);
  assert.ok(!JSON.stringify(fake.started).includes("sk-real"));
});

test("a run that takes too long is stopped and timed out", async (t) => {
  const { fake, submit, resultOf } = openRunner(t);
  const { id } = await submit({ podman: { timeout: "20ms" } });
  const { outcome, status } = await resultOf(id);
  assert.deepEqual([outcome, status, fake.asked.includes(`stop stromboli-${id}`)], ["timed_out", "failed", true]);
});

test("a container that vanished is a run that was lost", async (t) => {
  const { fake, submit, resultOf } = openRunner(t);
  const { id } = await submit();
  fake.exit(id, undefined);
  const { outcome, status, exit_code } = await resultOf(id);
  assert.deepEqual([outcome, status, exit_code], ["lost", "crashed", null]);
});

test("a container that was killed for memory says so", async (t) => {
  const { fake, submit, resultOf } = openRunner(t);
  fake.state.inspected = { id: "abc", status: "exited", pid: 0, exitCode: 137, oomKilled: true };
  const { id } = await submit();
  fake.exit(id, 137);
  const { outcome, crash_info } = await resultOf(id);
  assert.deepEqual([outcome, crash_info?.signal], ["oom_killed", "SIGKILL"]);
});

test("a container that does not start leaves no session and no open job", async (t) => {
  const { runner, fake, jobs, sessionStore, sessionFolders, submit } = openRunner(t);
  fake.state.startsWith = 125;
  const { id, sessionId } = await submit();
  await assert.rejects(runner.ended(id), { code: "start_failed" });
  assert.deepEqual(
    [jobs.find(id)?.ending?.outcome, jobs.uses(sessionId), sessionStore.find(sessionId), sessionFolders()],
    ["start_failed", false, undefined, []],
  );
});

test("who asks for the answer of a run that did not start is told why", async (t) => {
  const { runner, fake, views, submit } = openRunner(t);
  fake.state.startsWith = 125;
  const { id } = await submit();
  await assert.rejects(runner.ended(id));
  await assert.rejects(views.run(id), { code: "start_failed", message: /Podman could not start the container/ });
});

test("a session that was there before outlives a container that does not start", async (t) => {
  const { runner, fake, sessionStore, submit } = openRunner(t);
  const { id, sessionId } = await submit();
  fake.exit(id, 0);
  await runner.ended(id);
  fake.state.startsWith = 125;
  const again = await submit({ claude: { session_id: sessionId, resume: true } });
  await assert.rejects(runner.ended(again.id), { code: "start_failed" });
  assert.equal(sessionStore.find(sessionId)?.runs, 1);
});

test("a session without persistence leaves neither row nor files", async (t) => {
  const { runner, fake, sessionStore, sessionFolders, submit } = openRunner(t);
  const { id, sessionId } = await submit({ claude: { no_persistence: true } });
  fake.exit(id, 0);
  await runner.ended(id);
  await runner.drain();
  assert.deepEqual([sessionStore.find(sessionId), sessionFolders()], [undefined, []]);
});

test("without credentials nothing is begun, except a demo", async (t) => {
  const { fake, start, jobs } = openRunner(t);
  const runner = start({ credential: () => undefined });
  await assert.rejects(runner.submit({ caller: localCaller, request: requestOf(), mode: "run" }), {
    code: "no_credentials",
  });
  assert.deepEqual(jobs.open(), []);
  const { id } = await runner.submit({ caller: localCaller, request: requestOf({ demo: true }), mode: "run" });
  fake.exit(id, 0);
  await assert.doesNotReject(runner.ended(id));
});

test("credentials that went while a job waited are why it does not start", async (t) => {
  const { start, jobs, views } = openRunner(t);
  let asked = 0;
  const runner = start({ credential: () => (asked++ === 0 ? { kind: "api_key", value: "sk-real" } : undefined) });
  const { id } = await runner.submit({ caller: localCaller, request: requestOf(), mode: "job" });
  await assert.rejects(runner.ended(id), { code: "no_credentials" });
  assert.deepEqual([jobs.find(id)?.ending?.outcome, (await views.job(id)).status], ["start_failed", "failed"]);
});

test("every job that ends is told of once", async (t) => {
  const { runner, fake, submit, told } = openRunner(t);
  const { id } = await submit();
  fake.exit(id, 0);
  await runner.ended(id);
  await runner.drain();
  assert.equal(told.ends, 1);
});

test("neither prompt nor handle nor key is in the log at any level", async (t) => {
  const { runner, fake, lines, submit } = openRunner(t);
  const { id } = await submit({ prompt: "SECRET PROMPT", podman: { env: { A: "SECRET VALUE" } } });
  fake.exit(id, 0);
  await runner.ended(id);
  await runner.drain();
  assert.ok(lines.length > 0);
  assert.doesNotMatch(lines.join(""), /SECRET|sk-real|stromboli-[A-Za-z0-9_-]{43}/);
});
