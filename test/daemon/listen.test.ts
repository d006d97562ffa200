import assert from "node:assert/strict";
import { chmodSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { listenOnPort, listenOnSocket } from "../../daemon/listen.ts";
import { tempFolder, writeFiles } from "../harness.ts";

const newServer = (t: TestContext) => {
  const server = createServer((_, response) => response.end("ok"));
  t.after(() => server.listening && server.close());
  return server;
};

test("the socket and its folder are the user's alone", async (t) => {
  const path = join(tempFolder(t), "new/folder/api.sock");
  await listenOnSocket(newServer(t), path);
  const modes = [path, join(path, ".."), join(path, "../..")].map((each) => statSync(each).mode & 0o777);
  assert.deepEqual(modes, [0o600, 0o700, 0o700]);
});

test("a file that a killed daemon left is replaced", async (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { "api.sock": "" });
  await assert.doesNotReject(listenOnSocket(newServer(t), join(folder, "api.sock")));
});

test("a socket that somebody listens on is not taken away", async (t) => {
  const path = join(tempFolder(t), "api.sock");
  await listenOnSocket(newServer(t), path);
  await assert.rejects(listenOnSocket(newServer(t), path), { code: "daemon_running", message: /server\.socket/ });
});

test("a path that is too long for a socket is refused with what to set", async (t) => {
  const path = join(tempFolder(t), "a".repeat(100), "api.sock");
  await assert.rejects(listenOnSocket(newServer(t), path), {
    code: "config_invalid",
    message: /107 bytes.*server\.socket/,
  });
});

test("a folder that others can write to is refused", async (t) => {
  const folder = tempFolder(t);
  chmodSync(folder, 0o777);
  await assert.rejects(listenOnSocket(newServer(t), join(folder, "api.sock")), { code: "config_invalid" });
});

test("port 0 is whichever is free", async (t) => {
  const port = await listenOnPort(newServer(t), { host: "127.0.0.1", port: 0 });
  assert.equal(await (await fetch(`http://127.0.0.1:${port}`)).text(), "ok");
});

test("a host that is not this machine's is refused with what to set", async (t) => {
  await assert.rejects(listenOnPort(newServer(t), { host: "192.0.2.1", port: 8080 }), {
    code: "config_invalid",
    message: /cannot listen on 192\.0\.2\.1:8080: .*EADDRNOTAVAIL.*; set server\.host or server\.port/,
  });
});

test("a port that is taken is refused with what to set", async (t) => {
  const port = await listenOnPort(newServer(t), { host: "127.0.0.1", port: 0 });
  await assert.rejects(listenOnPort(newServer(t), { host: "127.0.0.1", port }), {
    code: "config_invalid",
    message: /EADDRINUSE.*server\.port/,
  });
});
