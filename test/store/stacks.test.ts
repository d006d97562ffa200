import assert from "node:assert/strict";
import { test } from "node:test";
import { createStackStore } from "../../lib/store/stacks.ts";
import { openStores } from "../harness.ts";

test("what is kept for a session goes down when its time is over, and at once when the session is gone", (t) => {
  const { db, sessions } = openStores(t);
  const stacks = createStackStore(db);
  sessions.insert({ id: "a", owner: "local", title: "", workdir: "/workspace", createdAt: 1 });
  stacks.take({ sessionId: "a", jobId: "job-1", hash: "h", keepMs: 60_000 });
  assert.equal(stacks.nextExpiry(1), undefined);
  stacks.idle("a", 1000);
  assert.equal(stacks.nextExpiry(1), 61_000);
  sessions.remove("a");
  assert.equal(stacks.nextExpiry(1), 0);
});

test("of more than may be kept, those that were used longest ago go down at once", (t) => {
  const { db, sessions } = openStores(t);
  const stacks = createStackStore(db);
  for (const [index, id] of ["a", "b", "c"].entries()) {
    sessions.insert({ id, owner: "local", title: "", workdir: "/workspace", createdAt: 1 });
    stacks.take({ sessionId: id, jobId: `job-${id}`, hash: "h", keepMs: 60_000 });
    stacks.idle(id, 1000 + index);
  }
  stacks.take({ sessionId: "b", jobId: "job-b2", hash: "h", keepMs: 60_000 }); // which is not kept, but in use
  assert.equal(stacks.nextExpiry(2), 61_000);
  const { expired } = stacks;
  assert.deepEqual([expired({ at: 2000, maxKept: 2 }), stacks.nextExpiry(1)], [[], 0]);
  assert.deepEqual(
    expired({ at: 2000, maxKept: 1 }).map(({ sessionId }) => sessionId),
    ["a"],
  );
});
