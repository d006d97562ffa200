import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { credentialsFile, findCredential, storeCredential } from "../lib/credentials.ts";
import { tempFolder, thrownBy, writeFiles } from "./harness.ts";

const emptyHome = (t: TestContext) => ({ XDG_CONFIG_HOME: tempFolder(t) });
const modeOf = (path: string) => statSync(path).mode & 0o777;

for (const [title, env, credential] of [
  ["an API key", { ANTHROPIC_API_KEY: "k" }, { kind: "api_key", value: "k" }],
  ["an OAuth token", { CLAUDE_CODE_OAUTH_TOKEN: "o" }, { kind: "oauth", value: "o" }],
  ["another bearer token", { ANTHROPIC_AUTH_TOKEN: "a" }, { kind: "oauth", value: "a" }],
  ["a key before tokens", { ANTHROPIC_API_KEY: "k", CLAUDE_CODE_OAUTH_TOKEN: "o" }, { kind: "api_key", value: "k" }],
  [
    "a token behind an empty key",
    { ANTHROPIC_API_KEY: "", CLAUDE_CODE_OAUTH_TOKEN: "o" },
    { kind: "oauth", value: "o" },
  ],
] as const) {
  test(`the environment gives ${title}`, (t) => {
    assert.deepEqual(findCredential({ ...emptyHome(t), ...env }), credential);
  });
}

test("nowhere a credential is none", (t) => {
  assert.equal(findCredential(emptyHome(t)), undefined);
});

test("a stored API key is found again", async (t) => {
  const env = emptyHome(t);
  await storeCredential(env, "sk-ant-api03-x");
  assert.deepEqual(findCredential(env), { kind: "api_key", value: "sk-ant-api03-x" });
});

test("a stored OAuth token is told by its prefix", async (t) => {
  const env = emptyHome(t);
  await storeCredential(env, "sk-ant-oat01-x");
  assert.deepEqual(findCredential(env), { kind: "oauth", value: "sk-ant-oat01-x" });
});

test("the environment comes before what is stored", async (t) => {
  const env = emptyHome(t);
  await storeCredential(env, "stored");
  assert.equal(findCredential({ ...env, ANTHROPIC_API_KEY: "given" })?.value, "given");
});

test("a new credential takes the old one's place, at once for the running daemon", async (t) => {
  const env = emptyHome(t);
  await storeCredential(env, "old");
  findCredential(env);
  await storeCredential(env, "new");
  assert.equal(findCredential(env)?.value, "new");
});

test("a stored credential can be read by its user alone, and nothing else is left beside it", async (t) => {
  const env = emptyHome(t);
  await storeCredential(env, "secret");
  const folder = join(env.XDG_CONFIG_HOME, "stromboli");
  assert.deepEqual(
    [modeOf(credentialsFile(env)), modeOf(folder), readdirSync(folder)],
    [0o600, 0o700, ["credentials.json"]],
  );
});

test("a file that others could read is replaced by one that they cannot", async (t) => {
  const env = emptyHome(t);
  writeFiles(env.XDG_CONFIG_HOME, { "stromboli/credentials.json": "{}" });
  await storeCredential(env, "secret");
  assert.equal(modeOf(credentialsFile(env)), 0o600);
});

for (const text of [
  "",
  "sk-ant-api03-raw",
  "{}",
  "[]",
  '{"kind":"api_key","value":""}',
  '{"kind":"other","value":"x"}',
]) {
  test(`a file that holds ${JSON.stringify(text)} is refused by name and not quoted`, (t) => {
    const env = emptyHome(t);
    writeFiles(env.XDG_CONFIG_HOME, { "stromboli/credentials.json": text });
    const error = thrownBy(() => findCredential(env));
    assert.ok(error instanceof Error && "code" in error && error.code === "no_credentials");
    assert.match(error.message, /credentials\.json holds no readable credential: run stromboli login again/);
    assert.ok(!error.message.includes("sk-ant"));
  });
}

test("what is stored is one credential and nothing more", async (t) => {
  const env = emptyHome(t);
  await storeCredential(env, "secret");
  assert.deepEqual(JSON.parse(readFileSync(credentialsFile(env), "utf8")), { kind: "api_key", value: "secret" });
});
