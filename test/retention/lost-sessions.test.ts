import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeFiles } from "../harness.ts";
import { dayMs, mebibyte, openRetention } from "./harness.ts";

const lostId = "0193b1c2-aaaa-4bbb-8ccc-0123456789ab";

test("a session's folder without a row counts as a session that was used last when it was changed last", async (t) => {
  const { retention, folders, clock, left } = openRetention(t, { sessions: { keep_days: 30 } });
  writeFiles(folders.sessions, { [`${lostId}/home/file`]: "x" });
  clock.now += 29 * dayMs;
  const early = await retention.prune({});
  clock.now += 2 * dayMs;
  const late = await retention.prune({});
  assert.deepEqual([early.sessions, late.sessions, left().sessionFolders], [[], [lostId], []]);
});

test("folders without a row take their turn by size as well", async (t) => {
  const { retention, session, folders, left } = openRetention(t, { sessions: { keep_size: "2m" } });
  const [old, older] = [session(1, mebibyte), session(2, mebibyte)];
  writeFiles(folders.sessions, { [`${lostId}/home/file`]: "x".repeat(mebibyte / 2) });
  const { sessions } = await retention.prune({});
  assert.deepEqual([sessions, left().sessionFolders], [[older], [lostId, old].toSorted()]);
});

test("where sessions are kept for ever, so are folders without a row", async (t) => {
  const { retention, folders, clock, left } = openRetention(t);
  mkdirSync(join(folders.sessions, lostId));
  clock.now += 1000 * dayMs;
  await retention.prune({});
  assert.deepEqual(left().sessionFolders, [lostId]);
});

test("the folder of a run that keeps no session stays while it runs", async (t) => {
  const { retention, folders, clock, addOpenJob, left } = openRetention(t);
  mkdirSync(join(folders.sessions, lostId));
  addOpenJob({ sessionId: lostId });
  clock.now += 10 * dayMs;
  await retention.prune({ sessions_older_than: "1d" });
  assert.deepEqual(left().sessionFolders, [lostId]);
});

test("a run that begins with the id of a folder without a row keeps it", async (t) => {
  const { retention, folders, clock, left } = openRetention(t, {
    instead: ({ store }, { addOpenJob }) => ({
      store: {
        ...store,
        removeSession: (idle) => {
          addOpenJob({ sessionId: idle.id, state: "pending" });
          return store.removeSession(idle);
        },
      },
    }),
  });
  writeFiles(folders.sessions, { [`${lostId}/home/file`]: "x" });
  clock.now += 10 * dayMs;
  const { sessions } = await retention.prune({ sessions_older_than: "1d" });
  assert.deepEqual([sessions, left().sessionFolders], [[], [lostId]]);
});

test("whatever else is among the sessions' folders stays", async (t) => {
  const { retention, folders, clock, state, left } = openRetention(t, { sessions: { keep_size: "1m" } });
  const names = [".of-run-0000000000000000", "notes", ".gone-1", lostId.toUpperCase(), "0193b1c2"];
  names.forEach((name) => mkdirSync(join(folders.sessions, name)));
  symlinkSync(state, join(folders.sessions, lostId));
  clock.now += 10 * dayMs;
  await retention.prune({ sessions_older_than: "1d" });
  assert.deepEqual(left().sessionFolders, [...names, lostId].toSorted());
});
