import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import Database from "better-sqlite3";
import { startStromboli } from "./harness.ts";
import { makePlace } from "./place.ts";
import { refusedStart } from "./process.ts";

const running = await startStromboli({ after });

/** A daemon with this configuration file that is expected to refuse its start. */
const refused = async (t: TestContext, yaml: string, options: { env?: NodeJS.ProcessEnv; args?: string[] } = {}) => {
  const place = makePlace();
  t.after(() => place[Symbol.dispose]());
  writeFileSync(place.configFile, `state_dir: ${place.state}\n${yaml}`);
  return { ...(await refusedStart(place, options)), place };
};

test("SIGTERM ends an idle daemon with 0, and its socket and note are gone", async (t) => {
  const { end, place } = await startStromboli(t);
  assert.deepEqual([existsSync(place.socket), existsSync(join(place.state, "daemon.json"))], [true, true]);
  assert.deepEqual(await end("SIGTERM"), { code: 0, signal: null });
  assert.deepEqual([existsSync(place.socket), existsSync(join(place.state, "daemon.json"))], [false, false]);
});

test("SIGINT ends it as well", async (t) => {
  const { end } = await startStromboli(t);
  assert.deepEqual(await end("SIGINT"), { code: 0, signal: null });
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

test("a daemon on a port that is taken is refused with the key to change", async () => {
  const { url, place } = running;
  const args = [`state_dir=${place.folder}/two`, `server.socket=${place.folder}/two.sock`];
  const port = `server.port=${new URL(url()).port}`;
  const { code, said } = await refusedStart(place, { args: [...args, port].flatMap((pair) => ["--set", pair]) });
  assert.equal(code, 78);
  assert.match(said, /cannot listen on 127\.0\.0\.1:\d+.*server\.port/);
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

test("a database that is newer than the code is refused and left as it is", async (t) => {
  const { end, place } = await startStromboli(t);
  await end("SIGTERM");
  const path = join(place.state, "stromboli.db");
  using stack = new DisposableStack();
  const db = stack.adopt(new Database(path), (open) => void open.close());
  db.pragma("user_version = 999");
  const { code, said } = await refusedStart(place);
  assert.equal(code, 78);
  assert.match(said, /migration 999.*upgrade Stromboli/);
  assert.equal(db.pragma("user_version", { simple: true }), 999);
});

test("an unknown key is refused with its file, its line and the key that was meant", async (t) => {
  const { code, said, place } = await refused(t, "server:\n  prot: 9000\n");
  assert.equal(code, 78);
  assert.match(said, new RegExp(`${place.configFile}:3: server\\.prot: unknown key, did you mean server\\.port\\?`));
});

test("a bad value is refused with its file and line", async (t) => {
  const { code, said, place } = await refused(t, "defaults:\n  memory: 512mb\n");
  assert.equal(code, 78);
  assert.match(said, new RegExp(`${place.configFile}:3: defaults\\.memory: .*512m`));
});

test("a bad value of a variable is refused by the variable's name", async (t) => {
  const { code, said } = await refused(t, "", { env: { STROMBOLI_DEFAULTS_TIMEOUT: "soon" } });
  assert.equal(code, 78);
  assert.match(said, /STROMBOLI_DEFAULTS_TIMEOUT: /);
});

test("a configuration file that is named and missing is refused", async (t) => {
  const { code, said } = await refused(t, "", { args: ["--config", "/no/such.yaml"] });
  assert.equal(code, 78);
  assert.match(said, /there is no configuration file \/no\/such\.yaml/);
});

test("a host that is not this machine's is refused with the key to change", async (t) => {
  const { code, said } = await refused(t, "server:\n  host: 192.0.2.1\n");
  assert.equal(code, 78);
  assert.match(said, /cannot listen on 192\.0\.2\.1:8080: .*EADDRNOTAVAIL.*; set server\.host or server\.port/);
});

test("a flag goes before a variable, a variable before the file", async (t) => {
  const place = makePlace();
  t.after(() => place[Symbol.dispose]());
  const [file, variable, flag] = ["file", "variable", "flag"].map((name) => join(place.folder, `${name}.sock`));
  const { log, place: own } = await startStromboli(t, {
    config: { server: { socket: file }, log: { level: "warn" } },
    env: { STROMBOLI_SERVER_SOCKET: variable, STROMBOLI_LOG_LEVEL: "debug" },
    args: ["--set", `server.socket=${flag}`],
  });
  const { socket } = JSON.parse(readFileSync(join(own.state, "daemon.json"), "utf8")) as { socket: string };
  assert.equal(socket, flag);
  assert.match(log(), /"level":"debug"/);
});
