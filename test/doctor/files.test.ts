import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeDatabase, judgeFolders, judgePort, judgeSocket } from "../../lib/doctor/files.ts";

const whole = { path: "/s/db", found: true as const, problems: [], migration: 10, known: 10 };

test("folders that others can look into are a warning, and all of them can be closed at once", () => {
  const folders = ["/a", "/b", "/c"].map((path) => ({ path, mode: path === "/b" ? 0o700 : 0o755, own: true }));
  const { status, message, fix } = judgeFolders(folders);
  assert.deepEqual([status, message], ["warning", "others can look into /a, /c"]);
  assert.deepEqual(fix, { kind: "mode", paths: ["/a", "/c"], mode: 0o700 });
});

test("a folder of somebody else's is a failure that is not ours to mend", () => {
  const { status, fix } = judgeFolders([{ path: "/a", mode: 0o700, own: false }]);
  assert.deepEqual([status, fix], ["failure", undefined]);
});

test("no folder and no database yet are fine: the first start makes them", () => {
  assert.equal(judgeFolders([]).status, "ok");
  assert.equal(judgeDatabase({ path: "/s/db", found: false }).status, "ok");
});

test("a whole database is fine, be it up to date or not", () => {
  assert.equal(judgeDatabase(whole).message, "whole, at migration 10");
  assert.equal(
    judgeDatabase({ ...whole, migration: 8 }).message,
    "whole, at migration 8; the next start brings it to 10",
  );
});

test("a damaged database is told with SQLite's first word and how many more there are", () => {
  const { status, message } = judgeDatabase({ ...whole, problems: ["row 1 missing", "b", "c"] });
  assert.deepEqual([status, message], ["failure", "/s/db is damaged: row 1 missing (and 2 more)"]);
});

test("a database of a later build is a failure", () => {
  assert.match(judgeDatabase({ ...whole, migration: 11 }).message, /is at migration 11, and this build knows 10$/);
});

const socketThat = (found: "answers" | "stale" | "none") => judgeSocket({ path: "/r/api.sock", found, longest: 107 });

test("a socket is free, answers, or was left behind, which can be mended", () => {
  assert.deepEqual([socketThat("none").status, socketThat("answers").status], ["ok", "ok"]);
  assert.deepEqual(socketThat("stale").fix, { kind: "remove", path: "/r/api.sock" });
  assert.equal(socketThat("stale").status, "warning");
});

test("a socket's path that the kernel does not take is a failure", () => {
  assert.equal(judgeSocket({ path: `/${"é".repeat(60)}`, found: "none", longest: 107 }).status, "failure");
});

const portWith = (error?: string) => judgePort({ address: "127.0.0.1:8080", ours: false, error });

test("a port that something else has is a failure with what shows it", () => {
  assert.equal(portWith().message, "free: 127.0.0.1:8080");
  assert.match(portWith("EADDRINUSE").remedy ?? "", /ss -ltnp/);
  assert.equal(portWith("EACCES").status, "failure");
  assert.equal(judgePort({ address: "http://127.0.0.1:1", ours: true, error: undefined }).status, "ok");
});
