import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { takeLock } from "../../lib/store/lock.ts";
import { tempFolder, writeFiles } from "../harness.ts";

const refused = { code: "daemon_running", message: /another daemon uses the state folder \/state/ };

/** A process that holds the lock. */
const startHolder = async (t: TestContext, path: string) => {
  const script = `
    const { takeLock } = await import(process.argv[1]);
    globalThis.held = takeLock(process.argv[2], "/state"); // or the garbage collector gives it back
    console.log("held");
    setInterval(() => {}, 1000);`;
  const module = new URL("../../lib/store/lock.ts", import.meta.url).href;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, module, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
};

test("a lock is taken once in a process", (t) => {
  const path = join(tempFolder(t), "lock");
  const lock = takeLock(path, "/state");
  t.after(() => lock.close());
  assert.throws(() => takeLock(path, "/state"), refused);
});

test("a lock that was given back can be taken again", (t) => {
  const path = join(tempFolder(t), "lock");
  takeLock(path, "/state").close();
  const lock = takeLock(path, "/state");
  t.after(() => lock.close());
  assert.ok(lock);
});

test("a lock keeps out other processes", async (t) => {
  const path = join(tempFolder(t), "lock");
  await startHolder(t, path);
  assert.throws(() => takeLock(path, "/state"), refused);
});

test("a lock goes with the process that held it, also by SIGKILL", async (t) => {
  const path = join(tempFolder(t), "lock");
  const holder = await startHolder(t, path);
  holder.kill("SIGKILL");
  await once(holder, "exit");
  const lock = takeLock(path, "/state");
  t.after(() => lock.close());
  assert.ok(lock);
});

test("a lock file that is spoilt is not taken for a running daemon", (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { lock: "this is no database, and it is long enough to be told from an empty one\n".repeat(20) });
  assert.throws(() => takeLock(join(folder, "lock"), "/state"), { code: "SQLITE_NOTADB" });
});
