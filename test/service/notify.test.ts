import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { notifySystemd } from "../../lib/service/notify.ts";
import { until } from "../e2e/wait.ts";
import { memoryLog, tempFolder } from "../harness.ts";

/** A stand-in of systemd-notify that keeps what it is to say, and to whom. */
const open = (t: TestContext, last = "") => {
  const folder = tempFolder(t);
  const binary = join(folder, "systemd-notify");
  const said = join(folder, "said");
  writeFileSync(binary, `#!/bin/sh\necho "$NOTIFY_SOCKET $* $SECRET" >>"${said}"\n${last}\n`);
  chmodSync(binary, 0o755);
  const { log, lines } = memoryLog();
  const heard = () => (existsSync(said) ? readFileSync(said, "utf8").trim().split(/ *\n/) : []);
  const env = { NOTIFY_SOCKET: "/run/n", PATH: process.env["PATH"], SECRET: "s" };
  return { options: { env, log, binary }, lines, heard };
};

test("systemd hears that the daemon is ready and when it stops, and its program sees nothing else", async (t) => {
  const { options, heard } = open(t);
  {
    await using _ = await notifySystemd(options);
    assert.deepEqual(heard(), ["/run/n READY=1"]);
  }
  assert.deepEqual(heard(), ["/run/n READY=1", "/run/n STOPPING=1"]);
});

test("a watchdog hears of the daemon again and again", async (t) => {
  const { options, heard } = open(t);
  await using _ = await notifySystemd({ ...options, env: { ...options.env, WATCHDOG_USEC: "20000" } });
  await until("three beats", () => heard().filter((line) => line === "/run/n WATCHDOG=1").length >= 3);
});

test("where nobody wants to know, nothing is started", async (t) => {
  const { options, heard } = open(t);
  {
    await using _ = await notifySystemd({ ...options, env: { WATCHDOG_USEC: "1000" } });
  }
  assert.deepEqual(heard(), []);
});

test("a systemd that cannot be told is logged, and the daemon runs on", async (t) => {
  const { options, lines } = open(t, "exit 1");
  await using _ = await notifySystemd(options);
  assert.match(lines.join(""), /"level":"warn".*systemd could not be told READY=1/);
});
