import assert from "node:assert/strict";
import { readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeFiles } from "../harness.ts";
import { dayMs, mebibyte, openRetention } from "./harness.ts";

test("sessions that were used last longer ago than keep_days go with their files, oldest first", async (t) => {
  const { retention, session, left } = openRetention(t, { sessions: { keep_days: 30 } });
  const [younger, stays, older] = [session(31), session(29), session(40)];
  const { sessions, bytes } = await retention.prune({});
  assert.deepEqual(sessions, [older, younger]);
  assert.deepEqual([left().sessions, left().sessionFolders, bytes > 0], [[stays], [stays], true]);
});

test("by default sessions stay for ever", async (t) => {
  const { retention, session, left } = openRetention(t);
  const id = session(30_000);
  await retention.prune({});
  assert.deepEqual([left().sessions, left().sessionFolders], [[id], [id]]);
});

test("an age in the request stands for keep_days of sessions", async (t) => {
  const { retention, session } = openRetention(t, { sessions: { keep_days: 5 } });
  const [, older, old] = [session(0.5), session(6), session(2)];
  const longer = await retention.prune({ sessions_older_than: "7d" });
  const shorter = await retention.prune({ sessions_older_than: "1d" });
  assert.deepEqual([longer.sessions, shorter.sessions], [[], [older, old]]);
});

test("an age of jobs is none of sessions, and the other way round", async (t) => {
  const { retention, session, job, left } = openRetention(t);
  const [sessionId, jobId] = [session(2), job(2)];
  await retention.prune({ jobs_older_than: "1d" });
  assert.deepEqual([left().jobs, left().sessions], [[], [sessionId]]);
  const other = job(2);
  await retention.prune({ sessions_older_than: "1d" });
  assert.deepEqual([left().jobs, left().sessions, jobId === other], [[other], [], false]);
});

test("when the sessions take more than keep_size, those used longest ago go", async (t) => {
  const { retention, session, left } = openRetention(t, { sessions: { keep_size: "3m" } });
  const [newest, oldest, middle] = [session(1, mebibyte), session(3, mebibyte), session(2, mebibyte)];
  const { sessions, bytes } = await retention.prune({});
  assert.deepEqual([sessions, left().sessions], [[oldest], [newest, middle].toSorted()]);
  assert.ok(bytes >= mebibyte && bytes < 1.1 * mebibyte, `${bytes}`);
});

test("a session in use stays, and does not count", async (t) => {
  const { retention, session, addOpenJob, left } = openRetention(t, { sessions: { keep_size: "2m" } });
  const [used, copied, idle] = [session(9, 2 * mebibyte), session(8, 2 * mebibyte), session(7, mebibyte)];
  addOpenJob({ sessionId: used });
  addOpenJob({ forkedFrom: copied, state: "pending" });
  const { sessions } = await retention.prune({ sessions_older_than: "8d" });
  assert.deepEqual([sessions, left().sessionFolders], [[], [used, copied, idle].toSorted()]);
});

test("a session that a run takes up at the last moment keeps row and files", async (t) => {
  const { retention, session, left, folders } = openRetention(t, {
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
  const id = session(2);
  const { sessions } = await retention.prune({ sessions_older_than: "1d" });
  assert.deepEqual([sessions, left().sessions], [[], [id]]);
  assert.deepEqual(readdirSync(join(folders.sessions, id)).toSorted(), ["home", "workspace"]);
});

test("a session that was used while it was measured stays", async (t) => {
  const { retention, session, left } = openRetention(t, {
    instead: ({ store }, { sessions }) => ({
      store: {
        ...store,
        idleSessions: (before) => {
          const idle = store.idleSessions(before);
          idle.forEach(({ id }) => sessions.used(id, Date.now(), 0));
          return idle;
        },
      },
    }),
  });
  const id = session(2);
  await retention.prune({ sessions_older_than: "1d" });
  assert.deepEqual(left().sessions, [id]);
});

test("whoever takes the id of a session that goes finds none of its files", async (t) => {
  const { retention, session, folders } = openRetention(t, {
    instead: ({ sessions }, { addSession }) => ({
      sessions: {
        removeFiles: async (name) => {
          writeFiles(join(folders.sessions, addSession(Date.now(), id)), { "home/new": "" });
          await sessions.removeFiles(name);
        },
      },
    }),
  });
  const id = session(2);
  await retention.prune({ sessions_older_than: "1d" });
  assert.deepEqual(readdirSync(join(folders.sessions, id, "home")), ["new"]);
});

test("files that cannot be removed are told in the log, and go with the next sweep", async (t) => {
  let broken = true;
  const { retention, session, left, lines } = openRetention(t, {
    instead: ({ sessions }) => ({
      sessions: { removeFiles: (name) => (broken ? Promise.reject(new Error("busy")) : sessions.removeFiles(name)) },
    }),
  });
  const id = session(2);
  const { sessions } = await retention.prune({ sessions_older_than: "1d" });
  assert.deepEqual([sessions, left().sessions, left().sessionFolders.length], [[id], [], 1]);
  assert.ok(lines.some((line) => line.includes("busy")));
  broken = false;
  await retention.prune({});
  assert.deepEqual(left().sessionFolders, []);
});

test("a session without a folder goes", async (t) => {
  const { retention, session, folders, left } = openRetention(t);
  const id = session(2);
  rmSync(join(folders.sessions, id), { recursive: true });
  const { sessions, bytes } = await retention.prune({ sessions_older_than: "1d" });
  assert.deepEqual([sessions, bytes, left().sessions], [[id], 0, []]);
});

test("a link in a session is neither counted nor followed: what it points to stays", async (t) => {
  const { retention, session, folders, state, left } = openRetention(t);
  writeFiles(state, { "elsewhere/precious": "x".repeat(mebibyte) });
  const id = session(2);
  for (const place of ["home/link", "workspace/link"]) {
    symlinkSync(join(state, "elsewhere"), join(folders.sessions, id, place));
  }
  const { bytes } = await retention.prune({ sessions_older_than: "1d" });
  assert.deepEqual([left().sessionFolders, readdirSync(join(state, "elsewhere"))], [[], ["precious"]]);
  assert.ok(bytes < mebibyte, `${bytes}`);
});

test("a clock that was set back removes no session", async (t) => {
  const { retention, session, clock, left } = openRetention(t, { sessions: { keep_days: 1, keep_size: "4m" } });
  const sessions = [session(0, mebibyte), session(0.5, mebibyte)];
  clock.now -= 10_000 * dayMs;
  await retention.prune({});
  assert.deepEqual(left().sessions, sessions.toSorted());
});

test("a dry run says which sessions would go and what they take, and touches nothing", async (t) => {
  const { retention, session, left } = openRetention(t);
  const old = session(2, mebibyte);
  session(0);
  const before = left();
  const { sessions, bytes, dry_run } = await retention.prune({ sessions_older_than: "1d", dry_run: true });
  assert.deepEqual([sessions, dry_run, left()], [[old], true, before]);
  assert.ok(bytes >= mebibyte && bytes < 1.1 * mebibyte, `${bytes}`);
});
