import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { Pruned } from "../../lib/schema/prune.ts";
import { startStromboli } from "./harness.ts";
import { makeStandIn } from "./stand-in.ts";

const stromboli = await startStromboli({ after }, { config: { claude: { binary: makeStandIn({ after }) } } });
const { send, submit, run, ended, show } = stromboli;

const prune = async (request?: object) => {
  const response = await send("/prune", { method: "POST", ...(request && { body: JSON.stringify(request) }) });
  assert.equal(response.status, 200);
  return Pruned.parse(await response.json());
};
const jobFolder = (id: string) => join(stromboli.place.state, "jobs", id);
const sessionFolder = (id: string) => join(stromboli.place.state, "sessions", id);

const { body: old } = await run({
  prompt: "head -c 20000 /dev/zero > ~/big; echo kept > ~/word; answer hello",
  idempotency_key: "once",
});
const id = String(old.id);
const session = String(old.session_id);
const { body: receipt } = await submit({ prompt: "hold" });
const atWork = { id: String(receipt.job_id), session: String(receipt.session_id) };
await stromboli.job(atWork.session, "running");

test("without a body nothing goes that the configuration keeps", async () => {
  assert.deepEqual(await prune(), { jobs: [], sessions: [], bytes: 0, dry_run: false });
});

test("a dry run tells what would go, and leaves it", async () => {
  const { jobs, sessions, bytes, dry_run } = await prune({
    jobs_older_than: "1ms",
    sessions_older_than: "1ms",
    dry_run: true,
  });
  assert.deepEqual([jobs, sessions, dry_run], [[id], [session], true]);
  assert.ok(bytes > 10_000, `${bytes} bytes`);
  assert.deepEqual([(await show(id)).id, existsSync(sessionFolder(session))], [id, true]);
});

test("a job that has ended goes with its output, its events and its idempotency key, and its session stays", async () => {
  const { jobs, sessions } = await prune({ jobs_older_than: "1ms" });
  assert.deepEqual([jobs, sessions, existsSync(jobFolder(id))], [[id], [], false]);
  const statuses = ["", "/events", "/logs"].map(async (path) => (await send(`/jobs/${id}${path}`)).status);
  assert.deepEqual(await Promise.all(statuses), [404, 404, 404]);
  const { body } = await run({
    prompt: 'answer "$(cat ~/word)"',
    claude: { session_id: session, resume: true },
    idempotency_key: "once",
  });
  assert.deepEqual([body.id === id, body.output], [false, "kept"]);
});

test("a session goes with its files, and cannot be resumed any more", async () => {
  const { sessions } = await prune({ sessions_older_than: "1ms" });
  assert.deepEqual([sessions, existsSync(sessionFolder(session))], [[session], false]);
  const { status, body } = await run({ prompt: "hi", claude: { session_id: session, resume: true } });
  assert.deepEqual([status, body.code], [404, "session_not_found"]);
});

test("a job that runs stays, and so does its session", async () => {
  await prune({ jobs_older_than: "1ms", sessions_older_than: "1ms" });
  assert.equal((await show(atWork.id)).status, "running");
  assert.equal(existsSync(sessionFolder(atWork.session)), true);
  await stromboli.cancel(atWork.id);
  assert.equal((await ended(atWork.id)).outcome, "cancelled");
});

test("jobs above jobs.keep_size go, the oldest first", async (t) => {
  const config = { claude: { binary: makeStandIn(t) }, jobs: { keep_size: "1m" } };
  const small = await startStromboli(t, { config });
  const ids: string[] = [];
  for (const bytes of [600_000, 500_000, 1000]) {
    const { body } = await small.run({ prompt: `head -c ${bytes} /dev/zero | tr '\\0' x; echo; answer hi` });
    ids.push(String(body.id));
  }
  const pruned = await small.send("/prune", { method: "POST" });
  const { jobs } = Pruned.parse(await pruned.json());
  assert.deepEqual(jobs, ids.slice(0, 1));
  assert.deepEqual(
    (await small.list()).jobs.map((job) => job.id),
    ids.slice(1).toReversed(),
  );
});

test("a value that is none is refused", async () => {
  const response = await send("/prune", { method: "POST", body: '{"jobs_older_than": "soon"}' });
  const { code } = (await response.json()) as { code: string };
  assert.deepEqual([response.status, code], [400, "invalid_request"]);
});
