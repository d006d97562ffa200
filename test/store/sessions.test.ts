import assert from "node:assert/strict";
import { test } from "node:test";
import { openStores } from "../harness.ts";

const session = (id: string, createdAt = 1000, workdir = "/workspace") => ({
  id,
  owner: "local",
  title: "t",
  workdir,
  createdAt,
});

test("a new session has no runs yet", (t) => {
  const { sessions } = openStores(t);
  sessions.insert(session("a"));
  assert.deepEqual(sessions.find("a"), {
    id: "a",
    owner: "local",
    title: "t",
    workdir: "/workspace",
    createdAt: 1000,
    lastUsedAt: 1000,
    runs: 0,
    totalCostUsd: 0,
  });
});

test("runs and cost add up", (t) => {
  const { sessions } = openStores(t);
  sessions.insert(session("a"));
  sessions.used("a", 2000, 0.25);
  sessions.used("a", 3000, 0.5);
  const { lastUsedAt, runs, totalCostUsd } = sessions.find("a") ?? {};
  assert.deepEqual([lastUsedAt, runs, totalCostUsd], [3000, 2, 0.75]);
});

test("an id is there once", (t) => {
  const { sessions } = openStores(t);
  sessions.insert(session("a"));
  assert.throws(() => sessions.insert(session("a")), { code: "SQLITE_CONSTRAINT_PRIMARYKEY" });
});

test("a removed session is gone, the others stay", (t) => {
  const { sessions } = openStores(t);
  sessions.insert(session("a"));
  sessions.insert(session("b"));
  sessions.remove("a");
  assert.deepEqual([sessions.find("a"), sessions.find("b")?.id], [undefined, "b"]);
});

test("the newest session of a workdir is the one that was used last there", (t) => {
  const { sessions } = openStores(t);
  sessions.insert(session("a", 1));
  sessions.insert(session("b", 2));
  sessions.insert(session("c", 3, "/elsewhere"));
  sessions.used("a", 10, 0);
  assert.deepEqual(
    [sessions.newestIn("local", "/workspace")?.id, sessions.newestIn("local", "/nowhere")],
    ["a", undefined],
  );
});
