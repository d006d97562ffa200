import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { localCaller } from "../../lib/auth/caller.ts";
import { until } from "../e2e/wait.ts";
import { openRunner, resultLine } from "./harness.ts";

type Place = ReturnType<typeof openRunner>;

/** The jobs whose containers were started, in their order, by the names that a test gave them. */
const order = ({ fake }: Place, named: Readonly<Record<string, { id: string }>>): string[] =>
  fake.started.map(
    ({ name }) => Object.entries(named).find(([, { id }]) => name === `stromboli-${id}`)?.[0] ?? "unknown",
  );

/** Has each of these jobs end in turn, once it runs. */
const endAll = async ({ fake, jobs, runner }: Place, ids: readonly string[]): Promise<void> => {
  for (const id of ids) {
    await until("a job's turn", () => jobs.find(id)?.state === "running");
    fake.exit(id, 0);
    await runner.ended(id);
  }
};

test("two runs that are let in in the same instant both have their answers", { timeout: 30_000 }, async (t) => {
  const { fake, runner, submit, views } = openRunner(t, { server: { shutdown_grace: "1ms" } });
  fake.state.output = resultLine;
  const run = async () => {
    const { id } = await submit();
    const ended = runner.ended(id);
    fake.exit(id, 0);
    await ended;
    return (await views.run(id)).output;
  };
  assert.deepEqual(await Promise.all([run(), run(), run()]), ["done", "done", "done"]);
});

test("no more jobs run than may", async (t) => {
  const place = openRunner(t, { jobs: { max_running: 2 } });
  const ids = (await Promise.all([1, 2, 3, 4].map(() => place.submit({}, "job")))).map(({ id }) => id);
  await until("two jobs that run", () => place.jobs.open().filter(({ state }) => state === "running").length === 2);
  assert.deepEqual(
    place.jobs.open().map(({ state }) => state),
    ["running", "running", "pending", "pending"],
  );
  await endAll(place, ids);
  assert.equal(place.fake.started.length, 4);
});

test("jobs have their turns in the order in which they came", async (t) => {
  const place = openRunner(t, { jobs: { max_running: 1 } });
  const named = {
    a: await place.submit({}, "job"),
    b: await place.submit({}, "job"),
    c: await place.submit({}, "job"),
  };
  await endAll(place, [named.a.id, named.b.id, named.c.id]);
  assert.deepEqual(order(place, named), ["a", "b", "c"]);
});

test("a higher priority goes first", async (t) => {
  const place = openRunner(t, { jobs: { max_running: 1 } });
  const named = {
    first: await place.submit({}, "job"),
    low: await place.submit({ priority: -1 }, "job"),
    normal: await place.submit({}, "job"),
    high: await place.submit({ priority: 5 }, "job"),
  };
  await endAll(place, [named.first.id, named.high.id, named.normal.id, named.low.id]);
  assert.deepEqual(order(place, named), ["first", "high", "normal", "low"]);
});

test("jobs on one session run one after the other though there are places", async (t) => {
  const place = openRunner(t, { jobs: { max_running: 4 } });
  const session_id = randomUUID();
  const first = await place.submit({ claude: { session_id } }, "job");
  const second = await place.submit({ claude: { session_id, resume: true }, priority: 100 }, "job");
  await until("the first job", () => place.jobs.find(first.id)?.state === "running");
  assert.equal(place.jobs.find(second.id)?.state, "pending");
  await endAll(place, [first.id, second.id]);
  assert.equal(place.fake.started.length, 2);
});

test("a job behind one that waits for its session has its turn", async (t) => {
  const place = openRunner(t, { jobs: { max_running: 2 } });
  const session_id = randomUUID();
  const first = await place.submit({ claude: { session_id } }, "job");
  const second = await place.submit({ claude: { session_id, resume: true } }, "job");
  const other = await place.submit({}, "job");
  await until("the other job", () => place.jobs.find(other.id)?.state === "running");
  assert.equal(place.jobs.find(second.id)?.state, "pending");
  await endAll(place, [other.id, first.id, second.id]);
});

test("a job that does not start gives its place to the next", async (t) => {
  const place = openRunner(t, { jobs: { max_running: 1 } });
  place.fake.state.startsWith = 125;
  const first = await place.submit({}, "job");
  await assert.rejects(place.runner.ended(first.id), { code: "start_failed" });
  place.fake.state.startsWith = 0;
  const second = await place.submit({}, "job");
  await endAll(place, [second.id]);
});

test("a run on a busy session is refused, whoever waits for it already", async (t) => {
  const { runner, fake, submit, jobs } = openRunner(t, { jobs: { max_running: 1 } });
  const session_id = randomUUID();
  const first = await submit({ claude: { session_id } });
  await assert.rejects(submit({ claude: { session_id, resume: true } }), { code: "session_in_use" });
  fake.exit(first.id, 0);
  await runner.ended(first.id);
  assert.equal(jobs.uses(session_id), false);
});

test("of two that begin one session in the same instant one is refused", async (t) => {
  const { fake, submit, jobs } = openRunner(t);
  const request = { claude: { session_id: randomUUID() } };
  const both = await Promise.allSettled([submit(request), submit(request)]);
  for (const { id } of jobs.open()) fake.exit(id, 0);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
});

test("a run that forks a session in use is refused", async (t) => {
  const { runner, fake, submit } = openRunner(t);
  const { id, sessionId } = await submit();
  const fork = { claude: { session_id: sessionId, resume: true, fork_session: true } };
  await assert.rejects(submit(fork), { code: "session_in_use" });
  fake.exit(id, 0);
  await runner.ended(id);
});

test("how long a job waited is told", async (t) => {
  const place = openRunner(t, { jobs: { max_running: 1 } });
  const clock = { now: 1_000_000 };
  const runner = place.start({ now: () => clock.now });
  const submit = () => runner.submit({ caller: localCaller, request: { prompt: "hi" }, mode: "job" });
  const [first, second] = [await submit(), await submit()];
  await until("the first job", () => place.jobs.find(first.id)?.state === "running");
  clock.now += 5000;
  place.fake.exit(first.id, 0);
  await until("the second job", () => place.jobs.find(second.id)?.state === "running");
  assert.equal((await place.views.job(second.id)).timings_ms.queue, 5000);
  place.fake.exit(second.id, 0);
});

test("a job on a session has its turn as soon as a fork of it runs", async (t) => {
  const { fake, jobs, submit } = openRunner(t, { jobs: { max_running: 4 } });
  const session_id = randomUUID();
  const first = await submit({ claude: { session_id } }, "job");
  const fork = await submit({ claude: { session_id, resume: true, fork_session: true } }, "job");
  const last = await submit({ claude: { session_id, resume: true } }, "job");
  await until("the first job", () => jobs.find(first.id)?.state === "running");
  fake.exit(first.id, 0);
  await until("the last job", () => jobs.find(last.id)?.state === "running");
  assert.equal(jobs.find(fork.id)?.state, "running");
  for (const { id } of [fork, last]) fake.exit(id, 0);
});
