import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { podman } from "./podman.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after }, { config: { claude: { binary: makeStandIn({ after }) } } });
const { run } = stromboli;

const begun = (session: string) => until("the agent", () => existsSync(join(stromboli.workspace(session), "begun")));
const gone = (container: string) => until("its end", async () => !(await stromboli.containers()).includes(container));

test("a run that takes longer than its timeout ends as timed_out, its container goes, and its session can be resumed", async () => {
  const { status, body } = await run({ prompt: "echo mine > ~/file; hold", podman: { timeout: "6s" } });
  assert.deepEqual([status, body.status, body.outcome], [200, "failed", "timed_out"]);
  assert.match(body.crash_info?.reason ?? "", /timeout/);
  assert.equal(body.crash_info?.task_completed, false);
  await gone(`stromboli-${body.id}`);
  const { body: next } = await run({
    prompt: 'answer "$(cat ~/file)"',
    claude: { session_id: String(body.session_id), resume: true },
  });
  assert.deepEqual([next.outcome, next.output], ["succeeded", "mine"]);
});

test("a client that hangs up cancels the run, and its container goes", async () => {
  const session_id = randomUUID();
  const client = new AbortController();
  const answer = run({ prompt: "hold", claude: { session_id } }, { signal: client.signal });
  await begun(session_id);
  client.abort();
  await assert.rejects(answer, { name: "AbortError" });
  const { container, outcome } = await stromboli.job(session_id, "ended");
  assert.equal(outcome, "cancelled");
  await gone(container);
});

test("a client that hangs up before the agent runs cancels the run", async () => {
  const session_id = randomUUID();
  const client = new AbortController();
  const answer = run({ prompt: "hold", claude: { session_id } }, { signal: client.signal });
  await until("the job", () => stromboli.jobsOf(session_id).length > 0);
  client.abort();
  await assert.rejects(answer, { name: "AbortError" });
  const { container, outcome } = await stromboli.job(session_id, "ended");
  assert.equal(outcome, "cancelled");
  await gone(container);
});

test("a client of a stream that hangs up cancels the run", async () => {
  const session_id = randomUUID();
  const client = new AbortController();
  await stromboli.follow({ prompt: "hold", claude: { session_id } }, { signal: client.signal });
  await begun(session_id);
  client.abort();
  assert.equal((await stromboli.job(session_id, "ended")).outcome, "cancelled");
});

test("an agent that is killed from inside is a crash with its signal", async () => {
  const { status, body } = await run({ prompt: "kill -KILL $$; sleep 5" });
  assert.deepEqual([status, body.status, body.outcome, body.exit_code], [200, "crashed", "killed", 137]);
  assert.deepEqual([body.crash_info?.signal, body.crash_info?.task_completed], ["SIGKILL", false]);
});

test("a container that is killed by hand is a crash", async () => {
  const session_id = randomUUID();
  const answer = run({ prompt: "hold", claude: { session_id } });
  await begun(session_id);
  await podman("kill", "--signal=KILL", (await stromboli.job(session_id, "running")).container);
  const { status, body } = await answer;
  assert.deepEqual([status, body.status, body.outcome], [200, "crashed", "killed"]);
});

test("a container that is removed by hand while it runs is a crash", async () => {
  const session_id = randomUUID();
  const answer = run({ prompt: "hold", claude: { session_id } });
  await begun(session_id);
  await podman("rm", "--force", "--time=0", (await stromboli.job(session_id, "running")).container);
  const { status, body } = await answer;
  assert.deepEqual([status, body.status], [200, "crashed"]);
});
