import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli, type Stromboli } from "./harness.ts";
import { podman } from "./podman.ts";
import { held } from "./requests.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

type Run = Parameters<Stromboli["run"]>[0];

const claude = { binary: makeStandIn({ after }) };
const shared = await startStromboli({ after }, { config: { claude, server: { shutdown_grace: "30s" } } });
const hasty = await startStromboli(
  { after },
  { config: { claude, server: { shutdown_grace: "1s" }, podman: { stop_grace: "1s" } } },
);

const requestOf = (asked: string | ((session: string) => Run), session_id: string): Run =>
  typeof asked === "string" ? { prompt: asked, claude: { session_id } } : asked(session_id);

/** A daemon whose agent is at work; `answer` is what the client gets, or why it got nothing. */
const atWork = async (asked: string | ((session: string) => Run), stromboli = shared) => {
  const session = randomUUID();
  const workspace = stromboli.workspace(session);
  const answer = stromboli.run(requestOf(asked, session)).catch((error: unknown) => error);
  await until("the agent", () => existsSync(join(workspace, "begun")));
  const { container } = await stromboli.job(session, "running");
  return { stromboli, session, answer, container, go: () => writeFileSync(join(workspace, "go"), "") };
};

const statusOf = async (container: string) => (await podman("inspect", "--format={{.State.Status}}", container)).stdout;
const noContainers = (stromboli: Stromboli) =>
  until("the container to go", async () => (await stromboli.containers()).length === 0);

test("a run outlives a daemon that is killed, and talks to the model through the next one", async (t) => {
  const { stromboli, session, container, go } = await atWork(
    (session_id) => held("echo survived", { claude: { session_id } }),
    await startStromboli(t, { config: { claude: { max_retries: 10 } } }),
  );
  await stromboli.end("SIGKILL");
  assert.equal(await statusOf(container), "running");
  await stromboli.start();
  go();
  const { outcome, exit_code, id } = await stromboli.job(session, "ended");
  assert.deepEqual([outcome, exit_code], ["succeeded", 0]);
  assert.equal(stromboli.apiRequestsOf(id).length, 2);
  await noContainers(stromboli);
  const { body } = await stromboli.run({ prompt: "recall", claude: { session_id: session, resume: true } });
  assert.match(body.output ?? "", /echo survived/);
});

test("a run that ended while no daemon was there ends with its true outcome", async () => {
  const { stromboli, session, container, go } = await atWork("hold; kill -KILL $$");
  await stromboli.end("SIGKILL");
  go();
  await until("the agent's end", async () => (await statusOf(container)) === "exited");
  await stromboli.start();
  const { outcome, exit_code } = await stromboli.job(session, "ended");
  assert.deepEqual([outcome, exit_code], ["killed", 137]);
  await noContainers(stromboli);
});

test("a run that no daemon is there to end is ended by Podman, and has timed out", async () => {
  const { stromboli, session, container } = await atWork(
    (session_id) => ({ prompt: "hold", claude: { session_id }, podman: { timeout: "5s" } }),
    hasty,
  );
  await stromboli.end("SIGKILL");
  await until("the agent's end", async () => (await statusOf(container)) === "exited");
  await stromboli.start();
  const { outcome, exit_code } = await stromboli.job(session, "ended");
  assert.deepEqual([outcome, exit_code], ["timed_out", null]);
  await noContainers(stromboli);
});

test("a run whose container was removed while no daemon was there ends as lost", async () => {
  const { stromboli, session, container } = await atWork("hold");
  await stromboli.end("SIGKILL");
  await podman("rm", "--force", "--time=0", container);
  await stromboli.start();
  assert.equal((await stromboli.job(session, "ended")).outcome, "lost");
  const { body } = await stromboli.run({ prompt: "answer hello", claude: { session_id: session, resume: true } });
  assert.equal(body.output, "hello");
});

test("a run's timeout holds across a daemon that is killed", async () => {
  const { stromboli, session } = await atWork((session_id) => ({
    prompt: "hold",
    claude: { session_id },
    podman: { timeout: "7s" },
  }));
  await stromboli.end("SIGKILL");
  await stromboli.start();
  assert.equal((await stromboli.job(session, "ended")).outcome, "timed_out");
  await noContainers(stromboli);
});

test("a run whose daemon is killed while it starts is begun anew by the next one", async () => {
  const stromboli = shared;
  const session = randomUUID();
  const answer = stromboli.run({ prompt: "answer hello", claude: { session_id: session } }).catch(() => {});
  await until("the job", () => stromboli.jobsOf(session).length > 0);
  await stromboli.end("SIGKILL");
  await answer;
  await stromboli.start();
  const { outcome, exit_code, id } = await stromboli.job(session, "ended");
  assert.deepEqual([outcome, exit_code, (await stromboli.show(id)).output], ["succeeded", 0, "hello"]);
  await noContainers(stromboli);
});

test("SIGTERM lets an answer in flight go out", async () => {
  const { stromboli, answer, go } = await atWork("hold; answer finished");
  const ended = stromboli.end("SIGTERM");
  await until("the daemon to stop", () => stromboli.log().includes("stopping"));
  go();
  const { status, body } = (await answer) as Awaited<ReturnType<Stromboli["run"]>>;
  assert.deepEqual([status, body.output], [200, "finished"]);
  assert.deepEqual(await ended, { code: 0, signal: null });
  assert.deepEqual(await stromboli.containers(), []);
  await stromboli.start();
});

test("SIGTERM leaves a run alone that takes longer than the grace, and the next daemon takes it up", async () => {
  const { stromboli, session, answer, container, go } = await atWork("hold; answer survived", hasty);
  assert.deepEqual(await stromboli.end("SIGTERM"), { code: 0, signal: null });
  const { status, body } = (await answer) as Awaited<ReturnType<Stromboli["run"]>>;
  assert.deepEqual([status, body.code], [503, "shutting_down"]);
  assert.equal(await statusOf(container), "running");
  await stromboli.start();
  go();
  assert.equal((await stromboli.job(session, "ended")).outcome, "succeeded");
  await noContainers(stromboli);
});

test("a daemon that starts leaves the containers of another one alone", async () => {
  const { stromboli, session, answer, go } = await atWork("hold; answer hello");
  await hasty.end("SIGKILL");
  await hasty.start();
  go();
  await answer;
  assert.equal((await stromboli.job(session, "ended")).outcome, "succeeded");
});
