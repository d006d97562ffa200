import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { standIn as makePodman } from "../harness.ts";
import { lookAt } from "./crash-verdict.ts";
import { startStromboli, type Stromboli } from "../e2e/harness.ts";
import { podman, unlimited } from "../e2e/podman.ts";
import { makeStandIn } from "../e2e/stand-in.ts";
import { until } from "../e2e/wait.ts";

const standIn = makeStandIn({ after }); // most of these jobs need no model
const whole = { runs: 1, lastEvent: "done", gapFree: true, equalsLog: true };

/** Hands a job in whose agent runs this script. */
const handIn = async ({ submit }: Pick<Stromboli, "submit">, prompt: string, more = {}) => {
  const session = randomUUID();
  const { body } = await submit({ prompt, claude: { session_id: session }, ...more });
  return { id: String(body.job_id), session };
};

const begun = ({ workspace }: Stromboli, session: string) =>
  until("the agent", () => existsSync(join(workspace(session), "begun")));

const subset = async (stromboli: Stromboli, id: string) => {
  const { outcome, exit_code, runs, lastEvent, gapFree, equalsLog } = await lookAt(stromboli, id);
  return { outcome, exit_code, runs, lastEvent, gapFree, equalsLog };
};

test("a job that ends while no daemon is there reports its exit code and all that it wrote", async (t) => {
  const stromboli = await startStromboli(t, { config: { claude: { binary: standIn } } });
  const script = "echo ran >> runs; echo before; hold; echo after; echo last words >&2; exit 7";
  const { id, session } = await handIn(stromboli, script);
  await begun(stromboli, session);
  await stromboli.end("SIGKILL");
  writeFileSync(join(stromboli.workspace(session), "go"), "");
  const statusOf = () => podman("inspect", "--format={{.State.Status}}", `stromboli-${id}`);
  await until("the agent's end", async () => (await statusOf()).stdout === "exited");
  await stromboli.start();
  const { exit_code, crash_info } = await stromboli.ended(id);
  assert.deepEqual([exit_code, crash_info?.exit_code, crash_info?.task_completed], [7, 7, false]);
  assert.deepEqual(await subset(stromboli, id), { outcome: "agent_error", exit_code: 7, ...whole });
  const lines = (await stromboli.events(id)).filter(({ event }) => event === "output" || event === "stderr");
  const texts = lines.map(({ data }) => data).filter((text) => !unlimited.test(text));
  assert.deepEqual(texts.toSorted(), ["after", "before", "last words"]);
});

test("an agent that waits for the model when the daemon dies asks again, and goes on", async (t) => {
  const stromboli = await startStromboli(t, { config: { claude: { max_retries: 10 } } });
  const { id } = await handIn(stromboli, "delay 3000\nsay: a late answer");
  const asked = () => stromboli.model.requests.filter(({ body }) => JSON.stringify(body).includes("a late answer"));
  await until("the agent to ask", () => asked().length > 0);
  await stromboli.end("SIGKILL");
  await stromboli.start();
  const { outcome, output, num_turns } = await stromboli.ended(id);
  assert.deepEqual([outcome, output, num_turns], ["succeeded", "a late answer", 1]);
  assert.ok(asked().length > 1);
});

test("a job's timeout counts from its start, however often the daemon is killed", async (t) => {
  const stromboli = await startStromboli(t, { config: { claude: { binary: standIn } } });
  const { id, session } = await handIn(stromboli, "echo ran >> runs; hold", { podman: { timeout: "15s" } });
  await begun(stromboli, session);
  for (let kill = 0; kill < 3; kill += 1) {
    await stromboli.end("SIGKILL");
    await stromboli.start();
  }
  const { outcome, timings_ms } = await stromboli.ended(id);
  assert.equal(outcome, "timed_out");
  assert.ok(timings_ms.agent >= 15_000 && timings_ms.agent < 25_000, `it ran for ${timings_ms.agent} ms`);
  assert.equal((await lookAt(stromboli, id)).runs, 1);
});

test("jobs that wait when the daemon is killed run afterwards, in their order", async (t) => {
  const config = { claude: { binary: standIn }, jobs: { max_running: 1 } };
  const stromboli = await startStromboli(t, { config });
  const first = await handIn(stromboli, "hold; answer first");
  const waiting = [];
  for (const priority of [0, 0, 5]) waiting.push(await handIn(stromboli, "answer done", { priority }));
  await begun(stromboli, first.session);
  await stromboli.end("SIGKILL");
  await stromboli.start();
  const states = await Promise.all(waiting.map(async ({ id }) => (await stromboli.show(id)).status));
  assert.deepEqual(states, ["pending", "pending", "pending"]);
  writeFileSync(join(stromboli.workspace(first.session), "go"), "");
  const ended = await Promise.all(waiting.map(({ id }) => stromboli.ended(id)));
  assert.deepEqual(
    ended.map(({ outcome }) => outcome),
    ["succeeded", "succeeded", "succeeded"],
  );
  const [one, two, urgent] = ended.map(({ started_at }) => Date.parse(String(started_at)));
  assert.ok(Number(urgent) < Number(one) && Number(one) < Number(two));
});

/** Podman, whose `run` counts itself and does not begin before it may. */
const makeSlowPodman = (t: TestContext) => {
  const wait = 'until [ -e "$0-go" ]; do [ -e "$0" ] || exit 1; sleep 0.05; done';
  const path = makePodman(t, `if [ "$1" = run ]; then echo run >> "$0-runs"; ${wait}; fi; exec podman "$@"`);
  return {
    path,
    runs: () => (existsSync(`${path}-runs`) ? readFileSync(`${path}-runs`, "utf8").trimEnd().split("\n").length : 0),
    go: () => writeFileSync(`${path}-go`, ""),
  };
};

test("a podman run that is under way when daemons are killed is waited for, and none is started beside it", async (t) => {
  const slow = makeSlowPodman(t);
  const config = { claude: { binary: standIn }, podman: { binary: slow.path } };
  const stromboli = await startStromboli(t, { config });
  const { id } = await handIn(stromboli, "echo ran >> runs; answer done");
  await until("podman run", () => slow.runs() === 1);
  for (let kill = 0; kill < 2; kill += 1) {
    await stromboli.end("SIGKILL");
    await stromboli.start();
  }
  assert.equal((await stromboli.show(id)).started_at, null);
  slow.go();
  await stromboli.ended(id);
  assert.deepEqual(await subset(stromboli, id), { outcome: "succeeded", exit_code: 0, ...whole });
  assert.equal(slow.runs(), 1);
});

test("a daemon that is killed and starts again leaves the jobs of another one alone", async (t) => {
  const config = { claude: { binary: standIn }, jobs: { max_running: 1 } };
  const [one, other] = await Promise.all([startStromboli(t, { config }), startStromboli(t, { config })]);
  const first = await handIn(one, "echo ran >> runs; hold; answer first");
  const second = await handIn(one, "echo ran >> runs; answer second");
  await begun(one, first.session);
  await other.end("SIGKILL");
  await other.start();
  assert.deepEqual(await one.containers(), [`stromboli-${first.id}`]);
  writeFileSync(join(one.workspace(first.session), "go"), "");
  await Promise.all([one.ended(first.id), one.ended(second.id)]);
  for (const { id } of [first, second])
    assert.deepEqual(await subset(one, id), { outcome: "succeeded", exit_code: 0, ...whole });
  assert.deepEqual(await other.list(), { jobs: [] });
});
