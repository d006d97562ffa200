import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createDeliveryStore, type NewDelivery } from "../../lib/store/deliveries.ts";
import { newJob, openStores } from "../harness.ts";

const open = (t: TestContext) => {
  const { db, jobs } = openStores(t);
  const deliveries = createDeliveryStore(db);
  const insert = (id: string, more: Partial<NewDelivery> = {}) => {
    const job = newJob();
    jobs.insert(job);
    deliveries.insert({ id, jobId: job.id, url: `http://${id}/`, createdAt: 1000, giveUpAt: 9000, ...more });
    return more.jobId ?? job.id;
  };
  return { db, deliveries, insert, due: (at: number) => deliveries.due(at, { limit: 10 }).map(({ id }) => id) };
};

test("a new delivery is pending and due at once", (t) => {
  const { deliveries, insert, due } = open(t);
  const jobId = insert("a");
  const expected = { id: "a", jobId, url: "http://a/", state: "pending", attempts: 0, createdAt: 1000, giveUpAt: 9000 };
  const { seq, ...row } = deliveries.find("a") ?? { seq: 0 };
  assert.ok(seq > 0);
  assert.deepEqual(row, { ...expected, nextAttemptAt: 1000, lastAttemptAt: null, lastStatus: null, lastError: null });
  assert.deepEqual([due(999), due(1000)], [[], ["a"]]);
});

test("there is no delivery under another id", (t) => {
  const { deliveries } = open(t);
  assert.deepEqual(
    [deliveries.find("x"), deliveries.redeliver({ id: "x", at: 1, giveUpAt: 2 })],
    [undefined, undefined],
  );
});

test("a delivery belongs to a job that there is", (t) => {
  const { insert } = open(t);
  assert.throws(() => insert("a", { jobId: "job-x" }), { code: "SQLITE_CONSTRAINT_FOREIGNKEY" });
});

test("a delivery goes with its job", (t) => {
  const { db, deliveries, insert } = open(t);
  insert("a");
  db.exec("delete from jobs");
  assert.equal(deliveries.find("a"), undefined);
});

test("what has been due for the longest comes first, and what became due together in the order it came", (t) => {
  const { insert, due } = open(t);
  insert("late", { createdAt: 1002 });
  insert("first", { createdAt: 1000 });
  insert("second", { createdAt: 1000 });
  insert("future", { createdAt: 5000 });
  assert.deepEqual(due(2000), ["first", "second", "late"]);
});

test("of what is due the first are told, except for what goes to some hosts", (t) => {
  const { deliveries, insert } = open(t);
  ["a", "b", "c", "d"].forEach((id) => insert(id));
  const idsOf = (except: string[]) => deliveries.due(2000, { limit: 2, except }).map(({ id }) => id);
  assert.deepEqual([[], ["a"], ["a", "c"], ["a", "b", "c", "d"]].map(idsOf), [["a", "b"], ["b", "c"], ["b", "d"], []]);
});

test("a host is the same however its URLs are written", (t) => {
  const { deliveries, insert } = open(t);
  const urls = ["https://hooks.example/a", "HTTPS://Hooks.Example:443/b?c=/#d", "https://user:word@hooks.example?e"];
  urls.forEach((url, index) => insert(String(index), { url }));
  insert("other", { url: "https://hooks.example:444/" });
  assert.deepEqual(
    deliveries.due(2000, { limit: 10 }).map(({ host }) => host),
    ["hooks.example", "hooks.example", "hooks.example", "hooks.example:444"],
  );
});

test("the next time something falls due is the earliest after a given one", (t) => {
  const { deliveries, insert } = open(t);
  const none = deliveries.nextDueAt(0);
  insert("a", { createdAt: 3000 });
  insert("b", { createdAt: 2000 });
  assert.deepEqual([none, ...[0, 2000, 3000].map(deliveries.nextDueAt)], [undefined, 2000, 3000, undefined]);
});

test("a failed attempt counts, says why, and sets the time of the next", (t) => {
  const { deliveries, insert, due } = open(t);
  insert("a");
  assert.ok(deliveries.retry("a", { at: 1100, status: 500, error: "answered 500", nextAttemptAt: 1600 }));
  const { state, attempts, nextAttemptAt, lastAttemptAt, lastStatus, lastError } = deliveries.find("a") ?? {};
  assert.deepEqual([state, attempts, nextAttemptAt], ["pending", 1, 1600]);
  assert.deepEqual([lastAttemptAt, lastStatus, lastError], [1100, 500, "answered 500"]);
  assert.deepEqual([due(1599), due(1600)], [[], ["a"]]);
});

test("what is delivered is due no more and keeps no error", (t) => {
  const { deliveries, insert, due } = open(t);
  insert("a");
  deliveries.retry("a", { at: 1100, status: null, error: "no answer", nextAttemptAt: 1600 });
  assert.ok(deliveries.delivered("a", { at: 1700, status: 204 }));
  const { state, attempts, nextAttemptAt, lastAttemptAt, lastStatus, lastError } = deliveries.find("a") ?? {};
  assert.deepEqual([state, attempts, nextAttemptAt], ["delivered", 2, null]);
  assert.deepEqual([lastAttemptAt, lastStatus, lastError, due(9999)], [1700, 204, null, []]);
});

test("what failed is due no more and says why", (t) => {
  const { deliveries, insert, due } = open(t);
  insert("a");
  assert.ok(deliveries.failed("a", { at: 1100, status: 410, error: "gone" }));
  const { state, attempts, lastStatus, lastError } = deliveries.find("a") ?? {};
  assert.deepEqual([state, attempts, lastStatus, lastError, due(9999)], ["failed", 1, 410, "gone", []]);
});

test("only a pending delivery moves", (t) => {
  const { deliveries, insert } = open(t);
  insert("a");
  deliveries.delivered("a", { at: 1100, status: 200 });
  const before = deliveries.find("a");
  assert.deepEqual(
    [
      deliveries.delivered("a", { at: 1200, status: 201 }),
      deliveries.retry("a", { at: 1200, status: 500, error: "x", nextAttemptAt: 1300 }),
      deliveries.failed("a", { at: 1200, status: 500, error: "x" }),
    ],
    [false, false, false],
  );
  assert.deepEqual(deliveries.find("a"), before);
});

test("a move touches no other delivery", (t) => {
  const { deliveries, insert } = open(t);
  ["a", "b"].forEach((id) => insert(id));
  const before = deliveries.find("b");
  deliveries.retry("a", { at: 1100, status: 500, error: "x", nextAttemptAt: 1300 });
  deliveries.failed("a", { at: 1200, status: 500, error: "x" });
  deliveries.redeliver({ id: "a", at: 1300, giveUpAt: 9999 });
  deliveries.delivered("a", { at: 1400, status: 200 });
  assert.deepEqual(deliveries.find("b"), before);
});

for (const end of ["delivered", "failed", "retry"] as const) {
  test(`redelivery makes it due again after ${end}, and its attempts go on counting`, (t) => {
    const { deliveries, insert, due } = open(t);
    insert("a");
    deliveries[end]("a", { at: 1100, status: 500, error: "x", nextAttemptAt: 8000 });
    const { state, attempts, nextAttemptAt, giveUpAt } =
      deliveries.redeliver({ id: "a", at: 2000, giveUpAt: 99_000 }) ?? {};
    assert.deepEqual([state, attempts, nextAttemptAt, giveUpAt], ["pending", 1, 2000, 99_000]);
    assert.deepEqual(due(2000), ["a"]);
  });
}

test("a list is newest first, whatever the clock said, and page by page", (t) => {
  const { deliveries, insert } = open(t);
  ["a", "b", "c"].forEach((id, index) => insert(id, { createdAt: 1000 - index }));
  const { nextCursor = 0, ...first } = deliveries.list({ limit: 2 });
  const second = deliveries.list({ limit: 2, cursor: nextCursor });
  assert.deepEqual(
    [first, second].map((page) => page.deliveries.map(({ id }) => id)),
    [["c", "b"], ["a"]],
  );
  assert.equal(second.nextCursor, undefined);
});

test("a last page that is just full leads nowhere", (t) => {
  const { deliveries, insert } = open(t);
  ["a", "b"].forEach((id) => insert(id));
  assert.equal(deliveries.list({ limit: 2 }).nextCursor, undefined);
});

test("a list can be of one status and of one job", (t) => {
  const { deliveries, insert } = open(t);
  const [jobId] = ["a", "b", "c"].map((id) => insert(id));
  insert("d", { jobId: String(jobId) });
  deliveries.delivered("a", { at: 1100, status: 200 });
  const ids = (filter: object) => deliveries.list({ limit: 10, ...filter }).deliveries.map(({ id }) => id);
  assert.deepEqual(
    [ids({ status: "pending" }), ids({ jobId }), ids({ status: "delivered", jobId }), ids({ status: "failed" })],
    [["d", "c", "b"], ["d", "a"], ["a"], []],
  );
});
