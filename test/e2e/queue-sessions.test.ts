import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { makeStandIn } from "./stand-in.ts";

const stromboli = await startStromboli(
  { after },
  { config: { claude: { binary: makeStandIn({ after }) }, jobs: { max_running: 4 } } },
);
const { submit, show, ended, run } = stromboli;

const queue = async (prompt: string, claude: object = {}, more: object = {}) =>
  String((await submit({ prompt, claude, ...more })).body.job_id);

/** A session whose agent works until it is told to `go`. */
const atWork = async (then = "answer held") => {
  const session_id = randomUUID();
  const id = await queue(`hold; ${then}`, { session_id });
  await stromboli.job(session_id, "running");
  return { session_id, id, go: () => writeFileSync(join(stromboli.workspace(session_id), "go"), "") };
};

/** Ends a job of another session, so that the queue has been looked through since. */
const passBy = async () => ended(await queue("answer hi"));

test("jobs on one session run in the order in which they came, whatever their priority and however many places", async () => {
  const { session_id, go } = await atWork("echo 1 > order; answer hi");
  const claude = { session_id, resume: true };
  const second = await queue("echo 2 >> order; answer hi", claude);
  const third = await queue("echo 3 >> order; tr '\\n' ' ' < order > line; answer \"$(cat line)\"", claude, {
    priority: 9,
  });
  await passBy();
  assert.deepEqual([(await show(second)).status, (await show(third)).status], ["pending", "pending"]);
  go();
  assert.equal((await ended(third)).output, "1 2 3 ");
});

test("a session in use makes a job wait, and refuses a run with 409", async () => {
  const { session_id, go } = await atWork();
  const request = { prompt: "answer next", claude: { session_id, resume: true } };
  const [waiting, refused] = [await submit(request), await run(request)];
  const stream = await stromboli.follow(request);
  assert.deepEqual([waiting.status, refused.status, refused.body.code], [202, 409, "session_in_use"]);
  assert.deepEqual([stream.status, ((await stream.json()) as { code: string }).code], [409, "session_in_use"]);
  go();
  const { outcome, output, session_id: same } = await ended(String(waiting.body.job_id));
  assert.deepEqual([outcome, output, same], ["succeeded", "next", session_id]);
});

test("a job whose session waits for a cancelled one begins the session itself", async () => {
  const { session_id, id, go } = await atWork();
  const second = await queue("hold; answer \"$(ls | tr '\\n' ' ')\"", { session_id, resume: true });
  await stromboli.cancel(id);
  await stromboli.job(session_id, "running");
  go();
  assert.equal((await ended(second)).output, "begun go ");
});

test("a fork waits for the session that it copies, and gets what that one left", async () => {
  const { session_id, go } = await atWork("echo left > file; answer hi");
  const claude = { session_id, resume: true, fork_session: true };
  const { body } = await submit({ prompt: 'answer "$(cat file)"', claude });
  await passBy();
  const { status } = await show(String(body.job_id));
  go();
  const fork = await ended(String(body.job_id));
  assert.deepEqual([status, fork.outcome, fork.output], ["pending", "succeeded", "left"]);
  assert.deepEqual([fork.session_id === session_id, fork.session_id], [false, body.session_id]);
});

test("a job behind a fork waits until the fork has its copy, and no longer", async () => {
  const { session_id, go } = await atWork("rm go; echo left > file; answer hi");
  const claude = { session_id, resume: true, fork_session: true };
  const fork = await submit({ prompt: 'hold; answer "$(cat file)"', claude });
  const next = await queue("echo changed > file; answer hi", { session_id, resume: true });
  await passBy();
  const { status } = await show(next);
  go();
  const { outcome } = await ended(next);
  const forked = String(fork.body.session_id);
  await stromboli.job(forked, "running"); // still
  writeFileSync(join(stromboli.workspace(forked), "go"), "");
  const { output } = await ended(String(fork.body.job_id));
  assert.deepEqual([status, outcome, output], ["pending", "succeeded", "left"]);
});

test("a fork of a session that was cancelled before it began begins with nothing", async () => {
  const { session_id, id, go } = await atWork();
  const source = await submit({ prompt: "answer hi", claude: { session_id, resume: true, fork_session: true } });
  const claude = { session_id: String(source.body.session_id), resume: true, fork_session: true };
  const fork = await queue('answer "files: $(ls)"', claude);
  await stromboli.cancel(String(source.body.job_id));
  go();
  await ended(id);
  const { outcome, output } = await ended(fork);
  assert.deepEqual([outcome, output], ["succeeded", "files: "]);
});

test("a fork of a fork that waits gets what both left", async () => {
  const { session_id, go } = await atWork("echo one > file; answer hi");
  const first = await submit({
    prompt: "echo two >> file; answer hi",
    claude: { session_id, resume: true, fork_session: true },
  });
  const claude = { session_id: String(first.body.session_id), resume: true, fork_session: true };
  const second = await queue("tr '\\n' ' ' < file > line; answer \"$(cat line)\"", claude);
  go();
  assert.equal((await ended(second)).output, "one two ");
});

test("continue goes behind the job that uses the session", async () => {
  const workdir = `/work-${randomUUID()}`;
  const session_id = randomUUID();
  const first = await queue("hold; echo left > file; answer hi", { session_id }, { workdir });
  await stromboli.job(session_id, "running");
  const second = await submit({ prompt: 'answer "$(cat file)"', workdir, claude: { continue: true } });
  writeFileSync(join(stromboli.workspace(session_id), "go"), "");
  await ended(first);
  assert.deepEqual([second.body.session_id, (await ended(String(second.body.job_id))).output], [session_id, "left"]);
});
