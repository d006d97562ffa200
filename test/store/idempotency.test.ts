import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { newJob, openStores } from "../harness.ts";

const openKeys = (t: TestContext) => {
  const { jobs, db, idempotency } = openStores(t);
  const job = newJob();
  jobs.insert(job);
  return {
    db,
    keys: idempotency,
    jobId: job.id,
    take: (key: string, at: number, since = at - 100) =>
      idempotency.take({ owner: "a", key, hash: `hash of ${at}`, jobId: job.id, at, since }),
  };
};

test("a key is found as long as it counts", (t) => {
  const { keys, take, jobId } = openKeys(t);
  take("k", 1000);
  assert.deepEqual(
    [keys.find({ owner: "a", key: "k" }, 999), keys.find({ owner: "a", key: "k" }, 1000)],
    [{ requestHash: "hash of 1000", jobId }, undefined],
  );
});

test("a key that nobody has used is not found", (t) => {
  assert.equal(openKeys(t).keys.find({ owner: "a", key: "k" }, 0), undefined);
});

test("a key is told from one that differs in its case", (t) => {
  const { keys, take } = openKeys(t);
  take("k", 1000);
  assert.equal(keys.find({ owner: "a", key: "K" }, 0), undefined);
});

test("a key that is taken cannot be taken again", (t) => {
  const { take } = openKeys(t);
  take("k", 1000);
  assert.throws(() => take("k", 1001), { code: "SQLITE_CONSTRAINT_PRIMARYKEY" });
});

test("a key that counts no more can be taken again", (t) => {
  const { keys, take } = openKeys(t);
  take("k", 1000);
  take("k", 1100);
  assert.equal(keys.find({ owner: "a", key: "k" }, 1000)?.requestHash, "hash of 1100");
});

test("a key goes with its job", (t) => {
  const { db, keys, take } = openKeys(t);
  take("k", 1000);
  db.exec("delete from jobs");
  assert.equal(keys.find({ owner: "a", key: "k" }, 0), undefined);
});

test("a key is its owner's own", (t) => {
  const { keys, take } = openKeys(t);
  take("k", 1000);
  assert.equal(keys.find({ owner: "b", key: "k" }, 0), undefined);
});
