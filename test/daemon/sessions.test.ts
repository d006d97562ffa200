import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../e2e/wait.ts";
import { writeFiles } from "../harness.ts";
import { openSessions } from "./sessions.ts";

test("sessions are listed with what is known of them, used last first", async (t) => {
  const { begin, list, resume } = openSessions(t);
  const [one, two] = [await begin(), await begin()];
  const { sessions, details } = await list();
  assert.deepEqual(sessions, [two, one]);
  assert.deepEqual([details[0]?.id, details[0]?.title, details[0]?.runs], [two, "hi", 1]);
  await resume(one);
  assert.deepEqual((await list()).sessions, [one, two]);
  assert.equal((await list()).details[0]?.runs, 2);
});

test("sessions are found by how their ids begin", async (t) => {
  const { begin, list } = openSessions(t);
  const [one] = [await begin(), await begin()];
  assert.deepEqual((await list(`?id=${one.slice(0, 13).toUpperCase()}`)).sessions, [one]);
  assert.deepEqual((await list("?id=ffffffff-0000")).sessions, []);
});

test("the size of a session is told, and told anew after a run", async (t) => {
  const { begin, list, folderOf, resume } = openSessions(t);
  const id = await begin();
  const sizeOf = async () => (await list()).details[0]?.bytes ?? -1;
  const before = await sizeOf();
  writeFiles(folderOf(id), { "workspace/large": "x".repeat(1_000_000) });
  assert.equal(await sizeOf(), before);
  await resume(id);
  assert.ok((await sizeOf()) >= before + 1_000_000);
});

test("the size of a session that a run uses is not told", async (t) => {
  const { start, list, runner, fake } = openSessions(t, { ends: false });
  const id = await start();
  await until("the agent", () => fake.started.length === 1);
  assert.deepEqual(
    (await list()).details.map(({ bytes }) => bytes),
    [null],
  );
  fake.exit(id, 0);
  await runner.ended(id);
});

test("a session is removed with its files and services, and its id is free", async (t) => {
  const { begin, list, remove, run, sessionFolders, told } = openSessions(t);
  const id = await begin();
  const { status, body } = await remove(id.toUpperCase());
  assert.deepEqual([status, body], [200, { success: true, session_id: id }]);
  assert.deepEqual([(await list()).sessions, sessionFolders(), told.sweeps], [[], [], 1]);
  assert.equal((await remove(id)).status, 404);
  assert.equal((await run({ prompt: "hi", claude: { session_id: id } })).status, 200);
});

test("a session without a folder is removed as well", async (t) => {
  const { begin, remove, folderOf, state } = openSessions(t);
  const id = await begin();
  renameSync(folderOf(id), join(state, "elsewhere"));
  assert.equal((await remove(id)).status, 200);
});

test("a session stays while a job runs on it or waits for it, or a fork has yet to copy it", async (t) => {
  const { start, remove, runner, fake, list, json } = openSessions(t, { ends: false, jobs: { max_running: 1 } });
  const busy = await start();
  const [running = ""] = (await list()).sessions;
  const refused = await remove(running);
  assert.deepEqual([refused.status, refused.body["code"], refused.body["success"]], [409, "session_in_use", false]);
  fake.exit(busy, 0);
  await runner.ended(busy);

  const other = await start();
  const one = await start({ claude: { session_id: running, resume: true, fork_session: true } });
  assert.equal((await remove(running)).status, 409);
  await json(`/jobs/${one}`, { method: "DELETE" });
  const two = await start({ claude: { session_id: running, resume: true } });
  assert.equal((await remove(running)).status, 409);
  await json(`/jobs/${two}`, { method: "DELETE" });
  assert.equal((await remove(running)).status, 200);
  fake.exit(other, 0);
  await runner.ended(other);
});

for (const [method, path] of [
  ["DELETE", ""],
  ["GET", "/messages"],
  ["GET", "/messages/a"],
] as const) {
  test(`${method} /sessions/{id}${path} is 404 for what is not there or another's, and nothing happens`, async (t) => {
    const { as, json, begin, sessionFolders } = openSessions(t, { auth: { required: "always" } });
    const [a, b] = [as("a"), as("b")];
    const id = await begin(a);
    for (const other of [id, crypto.randomUUID(), "%2e%2e%2fjobs"]) {
      const { status, body } = await json(`/sessions/${other}${path}`, { method, headers: b });
      assert.deepEqual([status, body["code"], body["success"]], [404, "session_not_found", false]);
    }
    assert.deepEqual(sessionFolders(), [id]);
  });
}

test("a list has one's own sessions, and an admin's everybody's", async (t) => {
  const { as, begin, list, remove } = openSessions(t, { auth: { required: "always" } });
  const [a, b, admin] = [as("a"), as("b"), as("root", ["admin"])];
  const [one, two] = [await begin(a), await begin(b)];
  const idsFor = async (headers: Record<string, string>) => (await list("", headers)).sessions;
  assert.deepEqual([await idsFor(a), await idsFor(b), await idsFor(admin)], [[one], [two], [two, one]]);
  assert.equal((await remove(one, admin)).status, 200);
});

test("that a session was removed is written down", async (t) => {
  const { begin, remove, json } = openSessions(t);
  const id = await begin();
  await remove(id);
  const { body } = await json("/audit");
  const entries = body["entries"] as { action: string; decision: string }[]; // the answer of the list
  assert.deepEqual([entries[0]?.action, entries[0]?.decision], [`DELETE /sessions/${id}`, "allowed"]);
});
