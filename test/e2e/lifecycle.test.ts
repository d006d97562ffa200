import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, test } from "node:test";
import Database from "better-sqlite3";
import { startStromboli } from "./harness.ts";
import { refusedStart } from "./process.ts";

const firstPage = 4096;
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

test("SIGINT ends a daemon with 0 as well, and a database that is newer than the code, or damaged, is refused", async (t) => {
  const { end, place } = await startStromboli(t);
  assert.deepEqual(await end("SIGINT"), { code: 0, signal: null });
  const path = join(place.state, "stromboli.db");
  using stack = new DisposableStack();
  const db = stack.adopt(new Database(path), (open) => void open.close());
  const known = db.pragma("user_version", { simple: true });
  db.pragma("user_version = 999");
  const { code, said } = await refusedStart(place);
  assert.equal(code, 78);
  assert.match(said, /migration 999.*upgrade Stromboli/);
  assert.equal(db.pragma("user_version", { simple: true }), 999);
  db.pragma(`user_version = ${String(known)}`);
  db.close();
  const whole = readFileSync(path);
  writeFileSync(path, whole.fill(0xff, firstPage)); // where the tables are; what they are called stays
  const damaged = await refusedStart(place);
  assert.equal(damaged.code, 69);
  assert.match(damaged.said, /^stromboli: the database is damaged; stromboli doctor says/m);
});
