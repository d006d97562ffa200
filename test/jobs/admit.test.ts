import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { localCaller } from "../../lib/auth/caller.ts";
import { StromboliError } from "../../lib/errors.ts";
import { requestOf } from "../harness.ts";
import { openRunner } from "./harness.ts";

const hooked = {
  caller: localCaller,
  request: requestOf({ podman: { lifecycle: { post_start: ["make"] } } }),
  mode: "job" as const,
};
const oneAtATime = { jobs: { max_running: 1, max_queued: 1 }, server: { shutdown_grace: "1ms" } };
const soon = { server: { shutdown_grace: "1ms" } };

test("a request that is let in is a row that waits or has had its turn, its session known", async (t) => {
  const { jobs, sessionStore, submit } = openRunner(t, soon);
  const { id, sessionId, isRepeat } = await submit({ prompt: "do it", workdir: "/src", priority: 3 }, "job");
  const { priority, title, container, image, forkedFrom, timeoutMs } = jobs.find(id) ?? {};
  assert.deepEqual(
    [isRepeat, priority, title, container, image?.id, forkedFrom, timeoutMs],
    [false, 3, "do it", `stromboli-${id}`, "sha256:1", null, 1_800_000],
  );
  const { title: sessionTitle, workdir, runs } = sessionStore.find(sessionId) ?? {};
  assert.deepEqual([sessionTitle, workdir, runs], ["do it", "/src", 0]);
});

test("a fork has the session of its own, and says whose files it starts with", async (t) => {
  const { jobs, submit } = openRunner(t, soon);
  const { sessionId } = await submit({}, "job");
  const fork = await submit({ claude: { session_id: sessionId, resume: true, fork_session: true } }, "job");
  const { forkedFrom, state } = jobs.find(fork.id) ?? {};
  assert.deepEqual([forkedFrom, fork.sessionId === sessionId, state], [sessionId, false, "pending"]);
});

test("a run on a session that has a waiting job is refused, an asynchronous job waits", async (t) => {
  const { jobs, submit } = openRunner(t, soon);
  const session_id = randomUUID();
  await submit({ claude: { session_id } }, "job");
  const resume = { claude: { session_id, resume: true } };
  const second = await submit(resume, "job");
  await assert.rejects(submit(resume, "run"), { code: "session_in_use", message: new RegExp(session_id) });
  assert.equal(jobs.find(second.id)?.state, "pending");
});

test("a run that forks a session whose job waits is refused, an asynchronous fork waits", async (t) => {
  const { submit } = openRunner(t, soon);
  const session_id = randomUUID();
  await submit({ claude: { session_id } }, "job");
  const fork = { claude: { session_id, resume: true, fork_session: true } };
  await assert.rejects(submit(fork, "run"), { code: "session_in_use" });
  await assert.doesNotReject(submit(fork, "job"));
});

test("one job more than may wait is refused, and leaves nothing", async (t) => {
  const { jobs, db, submit } = openRunner(t, oneAtATime);
  await submit({}, "job");
  await submit({}, "job");
  await assert.rejects(submit({}, "job", "key"), {
    code: "queue_full",
    message: /1 jobs are waiting.*try again later/,
  });
  const count = (table: string) => db.prepare(`select count(*) from ${table}`).pluck().get();
  assert.deepEqual([jobs.open().length, count("sessions"), count("idempotency_keys")], [2, 2, 0]);
});

test("a run counts as a job that waits", async (t) => {
  const { submit } = openRunner(t, oneAtATime);
  await submit({}, "run");
  await submit({}, "run");
  await assert.rejects(submit({}, "run"), { code: "queue_full" });
});

test("where none may wait, as many are let in as may run, also at once", async (t) => {
  const { submit } = openRunner(t, { jobs: { max_running: 2, max_queued: 0 }, ...soon });
  const answers = await Promise.allSettled([submit({}, "job"), submit({}, "job"), submit({}, "job")]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected"],
  );
});

test("an asynchronous job may have a webhook, and keeps its URL", async (t) => {
  const { jobs, submit } = openRunner(t, soon);
  const { id } = await submit({ webhook_url: "https://example.com/hook" }, "job");
  assert.equal(jobs.find(id)?.webhookUrl, "https://example.com/hook");
});

test("a run has no webhook: its caller gets the answer", async (t) => {
  const { jobs, submit } = openRunner(t);
  await assert.rejects(submit({ webhook_url: "https://example.com" }, "run"), {
    code: "invalid_request",
    message: /webhook_url goes with POST \/run\/async/,
  });
  assert.deepEqual(jobs.open(), []);
});

test("a webhook to a private address is refused before anything is written", async (t) => {
  const { jobs, submit } = openRunner(t);
  await assert.rejects(submit({ webhook_url: "http://169.254.169.254/" }, "job"), {
    code: "invalid_request",
    message: /^webhook_url: .*not a public address/,
  });
  assert.deepEqual(jobs.open(), []);
});

for (const [title, more, code] of [
  ["an image that is not there", { images: "image_not_found" }, "image_not_found"],
  ["a secret that is not there", { secrets: "secret_not_found" }, "secret_not_found"],
] as const) {
  test(`${title} is refused before anything is written`, async (t) => {
    const { jobs, deps, start } = openRunner(t);
    const refuse = () => Promise.reject(new StromboliError(code, "there is none"));
    const runner = start(
      "images" in more ? { images: { ...deps.images, findAny: refuse } } : { secrets: { check: refuse } },
    );
    const request = requestOf({ podman: { secrets_env: { A: "b" } } });
    await assert.rejects(runner.submit({ caller: localCaller, request, mode: "job" }), { code });
    assert.deepEqual(jobs.open(), []);
  });
}

test("a request that was on its way when the daemon began to stop is refused", async (t) => {
  const { jobs, deps, start } = openRunner(t);
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const findAny = async (references: readonly string[]) => (await gate, deps.images.findAny(references));
  const runner = start({ images: { ...deps.images, findAny } });
  const submitted = assert.rejects(runner.submit({ caller: localCaller, request: requestOf(), mode: "job" }), {
    code: "shutting_down",
  });
  const drained = runner.drain();
  open();
  await submitted;
  await drained;
  assert.deepEqual(jobs.open(), []);
});

test("a database that cannot be written to lets nothing in", async (t) => {
  const { db, jobs, submit } = openRunner(t);
  db.pragma("query_only = on");
  await assert.rejects(submit({}, "job"), { code: "SQLITE_READONLY" });
  db.pragma("query_only = off");
  assert.deepEqual(jobs.open(), []);
});

test("hooks are refused in an image without a shell, before there is a job", async (t) => {
  const { deps, start, jobs } = openRunner(t, soon);
  const findAny = async (references: readonly string[]) => {
    const image = await deps.images.findAny(references);
    return image && { ...image, shell: false };
  };
  const runner = start({ images: { ...deps.images, findAny } });
  await assert.rejects(runner.submit(hooked), {
    code: "image_incompatible",
    message: /no \/bin\/sh.*hooks.*post_start/,
  });
  assert.deepEqual(jobs.open(), []);
});

test("an image that turns out to have no shell once it is pulled is refused in the same words", async (t) => {
  const { deps, start, jobs } = openRunner(t, soon);
  const byId = async (id: string) => ({ ...(await deps.images.byId(id)), shell: false });
  const runner = start({ images: { ...deps.images, byId } });
  const { id } = await runner.submit(hooked);
  await assert.rejects(runner.ended(id), { code: "image_incompatible" });
  assert.match(jobs.find(id)?.ending?.error ?? "", /no \/bin\/sh.*hooks.*post_start/);
});
