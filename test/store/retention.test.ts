import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { openRows } from "../retention/rows.ts";

const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);
const all = { before: Infinity, limit: Infinity };
const none = { before: -Infinity, limit: Infinity };

test("jobs that ended before a moment expire, oldest first", (t) => {
  const { store, addJob } = openRows(t);
  const [younger, , older] = [addJob({ endedAt: 200 }), addJob({ endedAt: 300 }), addJob({ endedAt: 100 })];
  assert.deepEqual(idsOf(store.expiredJobs({ before: 300, limit: Infinity })), [older, younger]);
});

test("the oldest jobs beyond a size expire, whenever they were asked for", (t) => {
  const { store, addJob } = openRows(t);
  const jobs = [400, 100, 300, 200].map((endedAt) => addJob({ endedAt, bytes: 10 }));
  assert.deepEqual(idsOf(store.expiredJobs({ before: -Infinity, limit: 25 })), [jobs[1], jobs[3]]);
});

test("jobs that fit exactly stay", (t) => {
  const { store, addJob } = openRows(t);
  [1, 2].forEach((endedAt) => addJob({ endedAt, bytes: 10 }));
  assert.deepEqual(store.expiredJobs({ before: -Infinity, limit: 20 }), []);
});

test("a job that is larger than the limit expires alone", (t) => {
  const { store, addJob } = openRows(t);
  const [, huge] = [1, 100, 1].map((bytes, endedAt) => addJob({ endedAt, bytes }));
  assert.deepEqual(store.expiredJobs({ before: -Infinity, limit: 50 }), [{ id: huge, bytes: 100 }]);
});

test("without rules nothing expires", (t) => {
  const { store, addJob } = openRows(t);
  addJob({ endedAt: 0, bytes: Number.MAX_SAFE_INTEGER });
  assert.deepEqual(store.expiredJobs(none), []);
});

for (const state of ["pending", "starting", "running"] as const) {
  test(`a job that is ${state} neither expires nor goes`, (t) => {
    const { store, addOpenJob } = openRows(t);
    const id = addOpenJob({ state });
    assert.deepEqual([store.expiredJobs(all), store.removeJob(id)], [[], false]);
  });
}

test("a job with a delivery that is due neither expires nor goes, but takes its room", (t) => {
  const { store, addJob, addDelivery } = openRows(t);
  const [older, due] = [addJob({ endedAt: 1, bytes: 10 }), addJob({ endedAt: 2, bytes: 10 })];
  addDelivery(due, "pending");
  assert.deepEqual(
    [idsOf(store.expiredJobs({ before: -Infinity, limit: 15 })), store.removeJob(due)],
    [[older], false],
  );
});

for (const state of ["delivered", "failed"] as const) {
  test(`a job whose delivery is ${state} expires and goes`, (t) => {
    const { store, addJob, addDelivery } = openRows(t);
    const id = addJob();
    addDelivery(id, state);
    assert.deepEqual([idsOf(store.expiredJobs(all)), store.removeJob(id)], [[id], true]);
  });
}

test("all that hangs on a job goes with it, and nothing of others", (t) => {
  const { db, store, addJob, addDelivery, addKey, column } = openRows(t);
  const [gone, stays] = [addJob(), addJob()];
  for (const id of [gone, stays]) {
    addDelivery(id, "delivered");
    addKey(`key of ${id}`, id, 1);
    db.prepare("insert into api_requests values (?, 1, '/v1/messages', 'm', 200, 1, 1, 1, 1, 1, 1)").run(id);
  }
  store.removeJob(gone);
  const tables = ["job_requests", "webhook_deliveries", "idempotency_keys", "api_requests"];
  assert.deepEqual(
    [column("jobs", "id"), ...tables.map((table) => column(table, "job_id"))],
    [[stays], ...tables.map(() => [stays])],
  );
});

test("a job that is not there is not removed", (t) => {
  assert.equal(openRows(t).store.removeJob("run-0123456789abcdef"), false);
});

test("the sessions that were used last before a moment are told oldest first", (t) => {
  const { store, addSession } = openRows(t);
  const [younger, , older] = [200, 300, 100].map((at) => addSession(at));
  assert.deepEqual(store.idleSessions(300), [
    { id: older, lastUsedAt: 100 },
    { id: younger, lastUsedAt: 200 },
  ]);
});

const uses = { sessionId: "its run", forkedFrom: "a fork of it" };

for (const [use, what] of Object.entries(uses)) {
  for (const state of ["pending", "starting", "running"] as const) {
    test(`a session stays while ${what} is ${state}`, (t) => {
      const { store, addSession, addOpenJob } = openRows(t);
      const session = { id: addSession(1), lastUsedAt: 1 };
      addOpenJob({ state, [use]: session.id });
      assert.deepEqual(
        [store.idleSessions(Infinity), store.isIdle(session), store.removeSession(session)],
        [[], false, false],
      );
    });
  }
}

test("a session that was used meanwhile stays", (t) => {
  const { store, sessions, addSession } = openRows(t);
  const id = addSession(1);
  sessions.used(id, 2, 0);
  assert.deepEqual([store.isIdle({ id, lastUsedAt: 1 }), store.removeSession({ id, lastUsedAt: 1 })], [false, false]);
});

test("an idle session goes, the others stay", (t) => {
  const { store, addSession, column } = openRows(t);
  const [gone, stays] = [addSession(1), addSession(1)];
  assert.deepEqual([store.removeSession({ id: gone, lastUsedAt: 1 }), column("sessions", "id")], [true, [stays]]);
});

test("the ids that no job has are told", (t) => {
  const { store, addJob, addOpenJob } = openRows(t);
  assert.deepEqual(store.lostJobs([addJob(), "run-0000000000000000", addOpenJob()]), ["run-0000000000000000"]);
});

test("the ids that no session has and no open job uses are told", (t) => {
  const { store, addSession, addOpenJob } = openRows(t);
  addOpenJob({ sessionId: "not kept" });
  assert.deepEqual(store.lostSessions([addSession(1), "lost", "not kept"]), ["lost"]);
});

test("idempotency keys are forgotten from a moment back", (t) => {
  const { store, addJob, addKey, column } = openRows(t);
  const job = addJob();
  ["old", "older", "new"].forEach((key, index) => addKey(key, job, [10, 5, 11][index] ?? 0));
  assert.deepEqual([store.dropOldKeys(10), column("idempotency_keys", "key")], [2, ["new"]]);
});

const many = 100_000;

/** As many ended jobs as a busy machine gathers in a year, each with 10 bytes. */
const addMany = ({ db }: ReturnType<typeof openRows>): void => {
  db.prepare(`
    with recursive n (i) as (select 1 union all select i + 1 from n where i < ?)
    insert into jobs (id, state, session_id, container, image_reference, image_id, image_digest, timeout_ms,
      handle_hash, outcome, created_at, updated_at, ended_at, bytes)
    select printf('run-%016x', i), 'ended', 's' || i, 'c' || i, 'i', 'i', 'i', 1, '', 'succeeded', i, i, i, 10
    from n`).run(many);
};

/** Milliseconds, and what came out. */
const timed = <Value>(work: () => Value): [number, Value] => {
  const began = performance.now();
  const value = work();
  return [performance.now() - began, value];
};

const openMany = (t: TestContext) => {
  const rows = openRows(t);
  addMany(rows);
  return rows;
};

test("a hundred thousand jobs are looked through in less than two seconds", (t) => {
  const { store } = openMany(t);
  const [ms, expired] = timed(() => store.expiredJobs({ before: 1000, limit: (many / 2) * 10 }));
  assert.deepEqual([expired.length, ms < 2000], [many / 2, true], `${ms} ms`);
});

test("a thousand of a hundred thousand jobs are removed in less than two seconds", (t) => {
  const { store } = openMany(t);
  const expired = store.expiredJobs({ before: 1001, limit: Infinity });
  const [ms, removed] = timed(() => expired.filter(({ id }) => store.removeJob(id)).length);
  assert.deepEqual([removed, ms < 2000], [1000, true], `${ms} ms`);
});
