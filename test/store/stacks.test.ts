import assert from "node:assert/strict";
import { test } from "node:test";
import { createStackStore } from "../../lib/store/stacks.ts";
import { openStores } from "../harness.ts";

test("what is kept for a session goes down when its time is over, and at once when the session is gone", (t) => {
  const { db, sessions } = openStores(t);
  const stacks = createStackStore(db);
  sessions.insert({ id: "a", owner: "local", title: "", workdir: "/workspace", createdAt: 1 });
  stacks.take({ sessionId: "a", jobId: "job-1", hash: "h", keepMs: 60_000 });
  assert.equal(stacks.nextExpiry(), undefined);
  stacks.idle("a", 1000);
  assert.equal(stacks.nextExpiry(), 61_000);
  sessions.remove("a");
  assert.equal(stacks.nextExpiry(), 0);
});
