import assert from "node:assert/strict";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { storeCredential } from "../../lib/credentials.ts";
import { lookAtDatabase } from "../../lib/doctor/database.ts";
import { credentialFacts, lookAtConfig, newestIn } from "../../lib/doctor/look.ts";
import { askApi } from "../../lib/doctor/online.ts";
import { lookAtPort, lookAtSocket } from "../../lib/doctor/sockets.ts";
import { openDatabase } from "../../lib/store/database.ts";
import { configOf, tempFolder, writeFiles } from "../harness.ts";

test("a database is read beside whoever writes it", (t) => {
  const path = join(tempFolder(t), "stromboli.db");
  const db = openDatabase(path);
  t.after(() => void db.close());
  db.exec("begin immediate; update probe set at = 1");
  const facts = lookAtDatabase(path);
  assert.deepEqual(facts.found && [facts.problems, facts.migration === facts.known], [[], true]);
  db.exec("rollback");
});

test("a database with spoilt pages is told as damaged, and so is a file that is none", (t) => {
  const path = join(tempFolder(t), "stromboli.db");
  openDatabase(path).close();
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0x5a, 8192, 40_000));
  const facts = lookAtDatabase(path);
  assert.ok(facts.found && facts.problems.length > 0);
  writeFileSync(path, "no database at all".repeat(1000));
  const other = lookAtDatabase(path);
  assert.match((other.found && other.problems[0]) || "", /not a database/);
});

test("no database is nothing bad", (t) => {
  assert.equal(lookAtDatabase(join(tempFolder(t), "none.db")).found, false);
});

test("a configuration that is broken is told, and the defaults hold for the rest", (t) => {
  const file = join(tempFolder(t), "stromboli.yaml");
  writeFileSync(file, "server: {prot: 1}");
  const { config, verdict } = lookAtConfig({ env: {}, file });
  assert.equal(config.server.port, 8080);
  assert.match(verdict.message, /did you mean server\.port/);
});

test("where a credential comes from is told without it", async (t) => {
  const env = { HOME: tempFolder(t) };
  assert.equal(credentialFacts(env, undefined).kind, "none");
  await storeCredential(env, "sk-ant-oat01-secret");
  const facts = credentialFacts(env, undefined);
  assert.deepEqual([facts.kind, facts.where, facts.mode], ["oauth", "file", 0o600]);
  const variable = credentialFacts({ ...env, ANTHROPIC_API_KEY: "sk-ant-api-secret" }, undefined);
  assert.deepEqual([variable.kind, variable.where], ["api_key", "environment"]);
  assert.equal(credentialFacts(env, "api_key").where, "daemon");
  assert.equal(credentialFacts({ ...env, ANTHROPIC_API_KEY: "x" }, "none").kind, "none");
  assert.doesNotMatch(JSON.stringify([facts, variable]), /secret/);
});

test("a stored credential that is broken is told, unless another one is in force", (t) => {
  const env = { HOME: tempFolder(t) };
  writeFiles(env.HOME, { ".config/stromboli/credentials.json": "{" });
  const kinds = [undefined, "none", "oauth"] as const;
  assert.deepEqual(
    kinds.map((running) => credentialFacts(env, running).kind),
    ["broken", "broken", "oauth"],
  );
  assert.equal(credentialFacts({ ...env, ANTHROPIC_API_KEY: "x" }, undefined).kind, "api_key");
});

test("the youngest file of a folder is found, and none where there is no folder", (t) => {
  const folder = tempFolder(t);
  writeFileSync(join(folder, "x"), "");
  assert.ok((newestIn(folder) ?? 0) > 0);
  assert.equal(newestIn(join(folder, "none")), undefined);
});

test("the API is asked with the credential in its own header, and tells its clock", async (t) => {
  const heard: (string | undefined)[] = [];
  const server = createServer(({ url, headers }, response) => {
    heard.push(url, headers["x-api-key"]?.toString() ?? headers.authorization);
    response.writeHead(401, { date: "Thu, 01 Jan 2026 00:00:00 GMT" }).end();
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
  const apiUrl = `http://127.0.0.1:${port}/base/`;
  const { answer, serverMs } = await askApi({ apiUrl, credential: { kind: "api_key", value: "k" }, env: {} });
  assert.deepEqual([answer.status, serverMs], [401, Date.parse("2026-01-01T00:00:00Z")]);
  await askApi({ apiUrl, credential: { kind: "oauth", value: "o" }, env: {} });
  assert.deepEqual(heard, ["/base/v1/models?limit=1", "k", "/base/v1/models?limit=1", "Bearer o"]);
});

test("an API that nobody answers for is told with why", async () => {
  const asked = { apiUrl: "http://127.0.0.1:1", credential: { kind: "api_key" as const, value: "k" }, env: {} };
  assert.match((await askApi(asked)).answer.error ?? "", /ECONNREFUSED/);
});

test("a socket is told apart from one that was left behind and from none", async (t) => {
  const path = join(tempFolder(t), "api.sock");
  assert.equal((await lookAtSocket(path)).found, "none");
  const server = createServer().listen(path);
  await once(server, "listening");
  assert.equal((await lookAtSocket(path)).found, "answers");
  renameSync(path, `${path}.left`); // closing removes the one of its own name
  server.close();
  await once(server, "close");
  assert.equal((await lookAtSocket(`${path}.left`)).found, "stale");
});

test("a port that something else has is told, and one that nobody has is free again at once", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
  const config = configOf({ server: { port } }).server;
  const state = tempFolder(t);
  assert.equal((await lookAtPort(config, state, false)).error, "EADDRINUSE");
  server.close();
  await once(server, "close");
  assert.equal((await lookAtPort(config, state, false)).error, undefined);
  assert.equal((await lookAtPort(config, state, false)).error, undefined);
});

test("the port of the daemon that runs is told by its own note", async (t) => {
  const state = tempFolder(t);
  writeFileSync(join(state, "daemon.json"), JSON.stringify({ url: "http://127.0.0.1:9" }));
  assert.deepEqual(await lookAtPort(configOf().server, state, true), {
    address: "http://127.0.0.1:9",
    ours: true,
    error: undefined,
  });
});
