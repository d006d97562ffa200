import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { bash, waiting } from "./requests.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after });
const { run } = stromboli;

const begin = async (prompt = "my name is Ada") => String((await run({ prompt })).body.session_id);

test("a resumed session remembers earlier turns in a new container", async () => {
  const session_id = await begin();
  const { body } = await run({ prompt: "recall", claude: { session_id, resume: true } });
  assert.deepEqual([body.output, body.session_id], ["my name is Ada", session_id]);
  assert.equal(new Set(stromboli.jobsOf(session_id).map(({ container }) => container)).size, 2);
});

test("a session can be resumed from another workdir, and by its id in capitals", async () => {
  const session_id = await begin();
  const claude = { session_id: session_id.toUpperCase(), resume: true };
  const { body } = await run({ prompt: "recall", workdir: "/elsewhere", claude });
  assert.deepEqual([body.output, body.session_id], ["my name is Ada", session_id]);
});

test("files in the workdir and in HOME are there when a session is resumed", async () => {
  const { body: first } = await run(bash("echo one > a.txt; echo two > ~/b.txt"));
  const session_id = String(first.session_id);
  const { body } = await run(bash("cat a.txt ~/b.txt", { claude: { session_id, resume: true } }));
  assert.equal(body.output, "result: one\ntwo");
});

test("usage of a resumed run is that run's alone", async () => {
  const { body: first } = await run({ prompt: "usage in=5000 out=700\nsay: hello" });
  const claude = { session_id: String(first.session_id), resume: true };
  const { body } = await run({ prompt: "usage in=11 out=7\nsay: hello again", claude });
  assert.deepEqual([body.usage?.input_tokens, body.usage?.output_tokens, body.usage?.total_tokens], [11, 7, 18]);
  assert.ok((body.usage?.estimated_cost_usd ?? 1) < (first.usage?.estimated_cost_usd ?? 0) / 10);
});

test("a fork goes on under a new id, and both remember their own turns alone", async () => {
  const old = await begin("one");
  const fork = await run({ prompt: "two", claude: { session_id: old, resume: true, fork_session: true } });
  const forked = String(fork.body.session_id);
  assert.notEqual(forked, old);
  await run({ prompt: "three", claude: { session_id: old, resume: true } });
  const recall = async (session_id: string) =>
    (await run({ prompt: "recall", claude: { session_id, resume: true } })).body.output;
  assert.deepEqual([await recall(old), await recall(forked)], ["one\nthree", "one\ntwo"]);
});

test("a fork has its own copy of the files", async () => {
  const { body: first } = await run(bash("echo old > a.txt; ln -s /etc/passwd link"));
  const old = String(first.session_id);
  const claude = { session_id: old, resume: true, fork_session: true };
  const { body } = await run(bash("cat a.txt; readlink link; echo new > a.txt", { claude }));
  assert.equal(body.output, "result: old\n/etc/passwd");
  const { body: again } = await run(bash("cat a.txt", { claude: { session_id: old, resume: true } }));
  assert.equal(again.output, "result: old");
});

test("continue takes up the session that was used last with the workdir", async () => {
  const workdir = `/work-${randomUUID()}`;
  await run({ prompt: "older", workdir });
  const { body: newer } = await run({ prompt: "newer", workdir });
  await run({ prompt: "elsewhere" });
  const { body } = await run({ prompt: "recall", workdir, claude: { continue: true } });
  assert.deepEqual([body.output, body.session_id], ["newer", newer.session_id]);
});

test("continue in a workdir without a session begins one", async () => {
  const { body } = await run({ prompt: "recall", workdir: `/work-${randomUUID()}`, claude: { continue: true } });
  assert.deepEqual([body.outcome, body.output], ["succeeded", "nothing yet"]);
});

test("a new session can be given its id, once: after that it is refused with 409", async () => {
  const session_id = randomUUID();
  const { body: first } = await run({ prompt: "hello", claude: { session_id } });
  const { status, body } = await run({ prompt: "hello", claude: { session_id } });
  assert.deepEqual([first.session_id, stromboli.knowsSession(session_id)], [session_id, true]);
  assert.deepEqual([status, body.code], [409, "session_exists"]);
});

test("an unknown session cannot be resumed", async () => {
  const { status, body } = await run({ prompt: "hello", claude: { session_id: randomUUID(), resume: true } });
  assert.deepEqual([status, body.code], [404, "session_not_found"]);
});

for (const session_id of [".", "..", "../../etc", "", "a/b", "not-a-uuid", `${randomUUID()}/..`, `${randomUUID()}\n`]) {
  for (const resume of [false, true]) {
    test(`${JSON.stringify(session_id)} is no session id, resume: ${resume}`, async () => {
      const { status, body } = await run({ prompt: "hello", claude: { session_id, resume } });
      assert.deepEqual([status, body.code, body.details?.[0]?.path], [400, "invalid_request", "claude.session_id"]);
    });
  }
}

test("a session in use is refused with 409 to a second run, a fork and a namesake", async () => {
  const session_id = randomUUID();
  const hangUp = new AbortController();
  const first = run(waiting({ claude: { session_id } }), { signal: hangUp.signal }).catch(() => {});
  await stromboli.job(session_id, "running");
  const others = [{ resume: true }, { resume: true, fork_session: true }, {}];
  const answers = await Promise.all(others.map((more) => run({ prompt: "hi", claude: { session_id, ...more } })));
  hangUp.abort();
  await first;
  await stromboli.job(session_id, "ended");
  assert.deepEqual(
    answers.map(({ status, body }) => [status, body.code]),
    [
      [409, "session_in_use"],
      [409, "session_in_use"],
      [409, "session_exists"],
    ],
  );
});

test("of two runs that resume one session at the same time, one is refused", async () => {
  const session_id = await begin();
  const request = { prompt: "hello", claude: { session_id, resume: true } };
  const statuses = (await Promise.all([run(request), run(request)])).map(({ status }) => status);
  assert.deepEqual([statuses.length, new Set(statuses)], [2, new Set([200, 409])]);
});

test("no_persistence leaves no session behind", async () => {
  const { body } = await run({ prompt: "hello", claude: { no_persistence: true } });
  const session_id = String(body.session_id);
  await until("the files to go", () => !existsSync(join(stromboli.place.state, "sessions", session_id)));
  const { status } = await run({ prompt: "recall", claude: { session_id, resume: true } });
  assert.deepEqual([body.outcome, stromboli.knowsSession(session_id), status], ["succeeded", false, 404]);
});

const combinations = [
  { resume: true },
  { continue: true, session_id: randomUUID() },
  { fork_session: true },
  { no_persistence: true, continue: true },
];
for (const claude of combinations) {
  test(`${Object.keys(claude).join(" with ")} makes no sense and is refused`, async () => {
    const { status, body } = await run({ prompt: "hello", claude });
    assert.deepEqual([status, body.code], [400, "invalid_request"]);
  });
}
