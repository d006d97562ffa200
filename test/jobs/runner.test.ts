import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { requestOf } from "../harness.ts";
import { openRunner, resultLine } from "./harness.ts";

test("a run ends with the agent's result", async (t) => {
  const { runner, fake, jobs } = openRunner(t);
  fake.state.output = resultLine;
  const { id, done } = await runner.submit(requestOf());
  fake.exit(0);
  const { outcome, output, exit_code } = await done;
  assert.deepEqual([outcome, output, exit_code, jobs.find(id)?.ending?.outcome], ["succeeded", "done", 0, "succeeded"]);
});

test("after the end container and door are gone, and of the job's files the output stays", async (t) => {
  const { runner, fake, doors, filesOf } = openRunner(t);
  const { id, done } = await runner.submit(requestOf());
  fake.exit(0);
  await done;
  await runner.drain();
  assert.deepEqual(
    [fake.asked.at(-1), doors, filesOf(id)],
    [`remove stromboli-${id}`, [`open ${id}`, `close ${id}`], ["output.jsonl", "stderr.log"]],
  );
});

test("the real key is in nothing that a container gets", async (t) => {
  const { runner, fake } = openRunner(t);
  const { done } = await runner.submit(requestOf());
  assert.ok(!JSON.stringify(fake.started).includes("sk-real"));
  fake.exit(0);
  await done;
});

test("a run that takes too long is stopped and timed out", async (t) => {
  const { runner, fake } = openRunner(t);
  const { id, done } = await runner.submit(requestOf({ podman: { timeout: "20ms" } }));
  const { outcome, status } = await done;
  assert.deepEqual([outcome, status, fake.asked.includes(`stop stromboli-${id}`)], ["timed_out", "failed", true]);
});

test("a run whose caller gives up is stopped and cancelled", async (t) => {
  const { runner, fake } = openRunner(t);
  const { id, done, cancel } = await runner.submit(requestOf());
  cancel();
  cancel();
  const { outcome } = await done;
  assert.deepEqual([outcome, fake.asked.filter((asked) => asked === `stop stromboli-${id}`).length], ["cancelled", 1]);
});

test("a container that vanished is a run that was lost", async (t) => {
  const { runner, fake } = openRunner(t);
  const { done } = await runner.submit(requestOf());
  fake.exit(undefined);
  const { outcome, status, exit_code } = await done;
  assert.deepEqual([outcome, status, exit_code], ["lost", "crashed", null]);
});

test("a container that was killed for memory says so", async (t) => {
  const { runner, fake } = openRunner(t);
  fake.state.inspected = { id: "abc", status: "exited", exitCode: 137, oomKilled: true };
  const { done } = await runner.submit(requestOf());
  fake.exit(137);
  const { outcome, crash_info } = await done;
  assert.deepEqual([outcome, crash_info?.signal], ["oom_killed", "SIGKILL"]);
});

test("a container that does not start leaves no session and no open job", async (t) => {
  const { runner, fake, jobs, sessionStore, sessionFolders } = openRunner(t);
  fake.state.startsWith = 125;
  const { id, sessionId, done } = await runner.submit(requestOf());
  await assert.rejects(done, { code: "start_failed" });
  assert.deepEqual(
    [jobs.find(id)?.ending?.outcome, jobs.uses(sessionId), sessionStore.find(sessionId), sessionFolders()],
    ["start_failed", false, undefined, []],
  );
});

test("a session that was there before outlives a container that does not start", async (t) => {
  const { runner, fake, sessionStore } = openRunner(t);
  const { sessionId, done } = await runner.submit(requestOf());
  fake.exit(0);
  await done;
  fake.state.startsWith = 125;
  const again = await runner.submit(requestOf({ claude: { session_id: sessionId, resume: true } }));
  await assert.rejects(again.done, { code: "start_failed" });
  assert.equal(sessionStore.find(sessionId)?.runs, 1);
});

test("of two runs on one session at once the second is refused", async (t) => {
  const { runner, fake, jobs } = openRunner(t);
  const session_id = randomUUID();
  const first = await runner.submit(requestOf({ claude: { session_id } }));
  const resume = requestOf({ claude: { session_id, resume: true } });
  await assert.rejects(runner.submit(resume), { code: "session_in_use" });
  fake.exit(0);
  await first.done;
  assert.equal(jobs.uses(session_id), false);
});

test("of two that begin one session in the same instant one is refused", async (t) => {
  const { runner, fake } = openRunner(t);
  const request = requestOf({ claude: { session_id: randomUUID() } });
  const both = await Promise.allSettled([runner.submit(request), runner.submit(request)]);
  fake.exit(0);
  await runner.drain();
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
});

test("a session in use is not forked", async (t) => {
  const { runner, fake } = openRunner(t);
  const { sessionId, done } = await runner.submit(requestOf());
  const fork = requestOf({ claude: { session_id: sessionId, resume: true, fork_session: true } });
  await assert.rejects(runner.submit(fork), { code: "session_in_use" });
  fake.exit(0);
  await done;
});

test("a session without persistence leaves neither row nor files", async (t) => {
  const { runner, fake, sessionStore, sessionFolders } = openRunner(t);
  const { sessionId, done } = await runner.submit(requestOf({ claude: { no_persistence: true } }));
  fake.exit(0);
  await done;
  await runner.drain();
  assert.deepEqual([sessionStore.find(sessionId), sessionFolders()], [undefined, []]);
});

test("without credentials nothing is begun, except a demo", async (t) => {
  const { runner, fake, deps, jobs } = openRunner(t);
  deps.credential = (() => undefined) as never; // the type of the harness says that there are some
  await assert.rejects(runner.submit(requestOf()), { code: "no_credentials" });
  assert.deepEqual(jobs.open(), []);
  const { done } = await runner.submit(requestOf({ demo: true }));
  fake.exit(0);
  await done;
});

test("a daemon that stops leaves the container alone and the job open", async (t) => {
  const { runner, fake, jobs } = openRunner(t, { server: { shutdown_grace: "20ms" } });
  const { id, done } = await runner.submit(requestOf());
  const failed = assert.rejects(done, { code: "shutting_down" });
  await runner.drain();
  await failed;
  assert.deepEqual([jobs.find(id)?.state, fake.asked], ["running", [`wait stromboli-${id}`]]);
});

test("a daemon that stops takes no more runs", async (t) => {
  const { runner } = openRunner(t);
  await runner.drain();
  await assert.rejects(runner.submit(requestOf()), { code: "shutting_down" });
});

test("neither prompt nor handle nor key is in the log at any level", async (t) => {
  const { runner, fake, lines } = openRunner(t);
  const { done } = await runner.submit(requestOf({ prompt: "SECRET PROMPT", podman: { env: { A: "SECRET VALUE" } } }));
  fake.exit(0);
  await done;
  await runner.drain();
  assert.doesNotMatch(lines.join(""), /SECRET|sk-real|stromboli-[A-Za-z0-9_-]{43}/);
});
