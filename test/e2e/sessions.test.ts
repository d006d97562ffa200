import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { bash } from "./requests.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after });
const { run } = stromboli;
/** Where what the agent remembers does not matter. */
const other = await startStromboli({ after }, { config: { claude: { binary: makeStandIn({ after }) } } });

/** What a run was asked, as `recall` tells it: on one line. */
const promptOf = ({ id }: { id?: string | undefined }) =>
  (stromboli.requestOf(String(id))?.prompt ?? "").replaceAll("\n", " ");

const begin = async () => String((await other.run({ prompt: "answer hello" })).body.session_id);

test("a session is resumed in a new container, from any workdir and by its id in capitals: turns, files and usage of its own", async () => {
  const { prompt, claude: permitted } = bash("echo one > a.txt; echo two > ~/b.txt");
  const { body: first } = await run({ prompt: `usage in=5000 out=700\n${prompt}`, claude: permitted });
  const { body: second } = await run({
    ...bash("cat a.txt ~/b.txt", { claude: { session_id: String(first.session_id).toUpperCase(), resume: true } }),
    workdir: "/elsewhere",
  });
  assert.deepEqual([second.output, second.session_id], ["result: one\ntwo", first.session_id]);
  const claude = { session_id: String(first.session_id), resume: true };
  const { body: third } = await run({ prompt: "usage in=11 out=7\nrecall", claude });
  assert.equal(third.output, [first, second].map(promptOf).join("\n"));
  assert.deepEqual([third.usage?.input_tokens, third.usage?.output_tokens, third.usage?.total_tokens], [11, 7, 18]);
  assert.ok((third.usage?.estimated_cost_usd ?? 1) < (first.usage?.estimated_cost_usd ?? 0) / 10);
  assert.equal(new Set(stromboli.jobsOf(claude.session_id).map(({ container }) => container)).size, 3);
});

test("a fork goes on under a new id with a copy of the files, and both remember their own turns alone", async () => {
  const { body: first } = await run(bash("echo old > a.txt; ln -s /etc/passwd link"));
  const old = { session_id: String(first.session_id), resume: true };
  const claude = { ...old, fork_session: true };
  const { body: forked } = await run(bash("cat a.txt; readlink link; echo new > a.txt", { claude }));
  assert.equal(forked.output, "result: old\n/etc/passwd");
  assert.notEqual(forked.session_id, first.session_id);
  const { body: again } = await run(bash("cat a.txt", { claude: old }));
  assert.equal(again.output, "result: old");
  const recall = async (session_id: string) =>
    (await run({ prompt: "recall", claude: { session_id, resume: true } })).body.output;
  assert.deepEqual(
    [await recall(old.session_id), await recall(String(forked.session_id))],
    [[first, again].map(promptOf).join("\n"), [first, forked].map(promptOf).join("\n")],
  );
});

test("continue takes up the session that was used last with the workdir, here one below HOME, and begins one where there is none", async () => {
  const workdir = `/home/agent/${randomUUID()}/work`;
  const next = { prompt: 'answer "$(cat ~/turn || echo none)"', workdir, claude: { continue: true } };
  const { body: first } = await other.run(next);
  assert.deepEqual([first.outcome, first.output], ["succeeded", "none"]);
  const { body: newer } = await other.run({ prompt: "echo newer > ~/turn; answer hi", workdir });
  await other.run({ prompt: "echo elsewhere > ~/turn; answer hi" });
  const { body } = await other.run(next);
  assert.deepEqual([body.output, body.session_id], ["newer", newer.session_id]);
});

test("a new session can be given its id, once: after that it is refused with 409", async () => {
  const session_id = randomUUID();
  const { body: first } = await other.run({ prompt: "answer hello", claude: { session_id } });
  const { status, body } = await other.run({ prompt: "answer hello", claude: { session_id } });
  assert.deepEqual([first.session_id, other.knowsSession(session_id)], [session_id, true]);
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
  const first = other.run({ prompt: "hold", claude: { session_id } }, { signal: hangUp.signal }).catch(() => {});
  await other.job(session_id, "running");
  const others = [{ resume: true }, { resume: true, fork_session: true }, {}];
  const answers = await Promise.all(
    others.map((more) => other.run({ prompt: "answer hi", claude: { session_id, ...more } })),
  );
  hangUp.abort();
  await first;
  await other.job(session_id, "ended");
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
  const request = { prompt: "answer hello", claude: { session_id, resume: true } };
  const statuses = (await Promise.all([other.run(request), other.run(request)])).map(({ status }) => status);
  assert.deepEqual([statuses.length, new Set(statuses)], [2, new Set([200, 409])]);
});

test("no_persistence leaves no session behind", async () => {
  const { body } = await other.run({ prompt: "answer hello", claude: { no_persistence: true } });
  const session_id = String(body.session_id);
  await until("the files to go", () => !existsSync(join(other.place.state, "sessions", session_id)));
  const { status } = await other.run({ prompt: "answer hello", claude: { session_id, resume: true } });
  assert.deepEqual([body.outcome, other.knowsSession(session_id), status], ["succeeded", false, 404]);
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
