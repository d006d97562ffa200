import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createAudit, type NewEntry } from "../lib/audit.ts";
import { openStores } from "./harness.ts";

const entry: NewEntry = {
  caller: "ci",
  source: "tcp",
  action: "POST /run",
  target: "run-1",
  decision: "allowed",
  code: null,
  requestId: "r",
};

const open = (t: TestContext, count = 3) => {
  const { db, audit: store } = openStores(t);
  const audit = createAudit({ audit: store, now: () => 1000 });
  for (let index = 0; index < count; index += 1) audit.write({ ...entry, requestId: `r-${index}` });
  const unguarded = (sql: string) => db.exec(`drop trigger audit_stays; drop trigger audit_remains; ${sql}`);
  return { db, audit, unguarded };
};

test("an empty record is whole", async (t) => {
  assert.deepEqual(await open(t, 0).audit.verify(), { ok: true, entries: 0, head: "0".repeat(64), broken_at: null });
});

test("a record is whole, and its head is the hash of its last entry", async (t) => {
  const { audit } = open(t);
  const [last] = audit.list({ limit: 1 });
  assert.deepEqual(await audit.verify(), { ok: true, entries: 3, head: last?.hash, broken_at: null });
});

for (const column of ["at", "caller", "source", "action", "target", "decision", "code", "request_id", "hash"]) {
  test(`an entry whose ${column} was changed is found`, async (t) => {
    const { audit, unguarded } = open(t);
    const value = column === "at" ? "5" : column === "decision" ? "'refused'" : "'x'";
    unguarded(`update audit set ${column} = ${value} where seq = 2`);
    const { ok, entries, broken_at } = await audit.verify();
    assert.deepEqual([ok, entries, broken_at], [false, 1, 2]);
  });
}

test("an entry that was taken out of the middle is found", async (t) => {
  const { audit, unguarded } = open(t);
  unguarded("delete from audit where seq = 2");
  assert.equal((await audit.verify()).broken_at, 2);
});

test("entries that were cut off at the end show by the head alone", async (t) => {
  const { audit, unguarded } = open(t);
  const { head } = await audit.verify();
  unguarded("delete from audit where seq = 3");
  const verdict = await audit.verify();
  assert.deepEqual([verdict.ok, verdict.head === head], [true, false]);
});

for (const sql of ["update audit set caller = 'x'", "delete from audit"]) {
  test(`the database refuses: ${sql}`, (t) => {
    assert.throws(() => open(t).db.exec(sql), { code: "SQLITE_CONSTRAINT_TRIGGER" });
  });
}

test("a record of many pages is gone through to its end", async (t) => {
  assert.equal((await open(t, 5001).audit.verify()).entries, 5001);
});
