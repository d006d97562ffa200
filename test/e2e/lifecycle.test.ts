import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, test } from "node:test";
import Database from "better-sqlite3";
import { startStromboli } from "./harness.ts";
import { refusedStart } from "./process.ts";

const running = await startStromboli({ after });

test("SIGTERM ends an idle daemon with 0, and its socket and note are gone", async (t) => {
  const { end, place } = await startStromboli(t);
  assert.deepEqual([existsSync(place.socket), existsSync(join(place.state, "daemon.json"))], [true, true]);
  assert.deepEqual(await end("SIGTERM"), { code: 0, signal: null });
  assert.deepEqual([existsSync(place.socket), existsSync(join(place.state, "daemon.json"))], [false, false]);
});

test("a second daemon on a state folder is refused, and the first goes on", async () => {
  const { place, send } = running;
  const { code, said } = await refusedStart(place, { args: ["--set", `server.socket=${place.folder}/two.sock`] });
  assert.equal(code, 1);
  assert.match(said, new RegExp(`another daemon uses the state folder ${place.state}; .*stromboli daemon stop`));
  assert.equal((await send("/healthz")).status, 200);
});

test("a second daemon on a socket is refused, and the first goes on", async () => {
  const { place, send } = running;
  const { code, said } = await refusedStart(place, { args: ["--set", `state_dir=${place.folder}/two`] });
  assert.equal(code, 1);
  assert.match(said, new RegExp(`another daemon listens on ${place.socket}`));
  assert.ok(statSync(place.socket).isSocket());
  assert.equal((await send("/healthz")).status, 200);
});

test("a socket that a killed daemon left is replaced", async () => {
  const { end, start, place } = running;
  await end("SIGKILL");
  assert.ok(existsSync(place.socket));
  await start();
  const status = await new Promise((resolve, reject) => {
    const asked = request({ socketPath: place.socket, path: "/healthz", headers: { host: "localhost" } }, (response) =>
      resolve(response.resume().statusCode),
    );
    asked.once("error", reject).end();
  });
  assert.equal(status, 200);
});

test("SIGINT ends a daemon with 0 as well, and a database that is newer than the code is refused and left as it is", async (t) => {
  const { end, place } = await startStromboli(t);
  assert.deepEqual(await end("SIGINT"), { code: 0, signal: null });
  const path = join(place.state, "stromboli.db");
  using stack = new DisposableStack();
  const db = stack.adopt(new Database(path), (open) => void open.close());
  db.pragma("user_version = 999");
  const { code, said } = await refusedStart(place);
  assert.equal(code, 78);
  assert.match(said, /migration 999.*upgrade Stromboli/);
  assert.equal(db.pragma("user_version", { simple: true }), 999);
});
