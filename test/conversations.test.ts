import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { localCaller } from "../lib/auth/caller.ts";
import { createConversations } from "../lib/conversations.ts";
import { isGone } from "../lib/retention/folders.ts";
import { memoryLog, openStores, tempFolder, writeFiles } from "./harness.ts";

test("a session whose files cannot be removed is gone all the same, and its files are left to the next sweep", async (t) => {
  const { jobs, sessions: sessionStore } = openStores(t);
  const { log, lines } = memoryLog();
  const sessionsFolder = tempFolder(t);
  sessionStore.insert({ id: "a", owner: "local", title: "", workdir: "/workspace", createdAt: 1 });
  writeFiles(join(sessionsFolder, "a"), { "home/file": "" });
  const conversations = createConversations({
    sessionsFolder,
    sessionStore,
    jobs,
    log,
    stacks: { sweep: () => {} },
    sessions: { homeOf: () => "", removeFiles: () => Promise.reject(new Error("it is busy")) },
  });
  await conversations.remove(localCaller, "a");
  assert.equal(sessionStore.find("a"), undefined);
  assert.deepEqual(readdirSync(sessionsFolder).map(isGone), [true]);
  assert.match(lines.join(""), /it is busy/);
});
