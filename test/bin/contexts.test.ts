import assert from "node:assert/strict";
import { chmodSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { execa } from "execa";
import { contextsFile } from "../../bin/contexts.ts";
import { targetOf } from "../../bin/target.ts";
import { tempFolder, thrownBy, writeFiles } from "../harness.ts";
import { answering, json } from "./harness.ts";

const launcher = join(import.meta.dirname, "../../bin/stromboli");
const token = "stromboli_token";

/** The real command with a configuration folder of its own, and a daemon's stand-in. */
const harness = async (t: TestContext) => {
  const { socketPath, requests } = await answering(t, { "GET /jobs": (_, response) => json(response, { jobs: [] }) });
  const folder = tempFolder(t);
  const env = { XDG_CONFIG_HOME: folder, XDG_RUNTIME_DIR: folder };
  type Options = { input?: string | undefined; env?: NodeJS.ProcessEnv };
  const run = async (line: string, { input = "", ...more }: Options = {}) => {
    const options = { input, env: { ...env, ...more.env }, reject: false } as const;
    const { exitCode, stdout, stderr } = await execa(launcher, line.split(" "), options);
    return { code: exitCode, stdout, stderr };
  };
  const path = contextsFile(env);
  return { run, host: `unix://${socketPath}`, requests, folder, path };
};

test("a context with a token is added, used, listed and removed, and the token is never shown", async (t) => {
  const { run, host, requests, path } = await harness(t);
  const added = await run(`context add box ${host} --token --use`, { input: `${token}\n` });
  assert.deepEqual(added, { code: 0, stdout: "box", stderr: "" });
  assert.equal((statSync(path).mode & 0o777).toString(8), "600");
  assert.equal((await run("ps -q")).code, 0);
  assert.equal(requests[0]?.headers.authorization, `Bearer ${token}`);
  const listed = await run("context ls");
  assert.match(listed.stdout, /^NAME +TOKEN +HOST\ndefault +- +unix:\S+\nbox \* +yes +unix:\S+$/);
  const told = await run("context ls --json");
  assert.doesNotMatch(listed.stdout + told.stdout, new RegExp(token));
  assert.match((await run("context rm box")).stderr, /talk to this machine's own daemon again/);
  assert.equal(readFileSync(path, "utf8").includes(token), false);
});

test("--context goes before STROMBOLI_HOST, which goes before STROMBOLI_CONTEXT, which goes before the one in use", async (t) => {
  const { run, host, requests } = await harness(t);
  await run(`context add box ${host}`);
  await run("context add gone unix:///gone/one.sock --use");
  const calledAt = async (line: string, env: NodeJS.ProcessEnv = {}) =>
    /at (.*)$/.exec((await run(line, { env })).stderr)?.[1];
  assert.equal(await calledAt("ps"), "unix:///gone/one.sock, the context gone");
  assert.equal(await calledAt("ps", { STROMBOLI_CONTEXT: "box" }), undefined);
  const both = { STROMBOLI_CONTEXT: "box", STROMBOLI_HOST: "unix:///gone/two.sock" };
  assert.equal(await calledAt("ps", both), "STROMBOLI_HOST=unix:///gone/two.sock");
  const before = requests.length;
  for (const line of ["--context box ps", "ps --context box", "--context=box ps"])
    assert.equal((await run(line, { env: { STROMBOLI_HOST: "unix:///gone/two.sock" } })).code, 0);
  assert.equal(requests.length - before, 6);
});

test("STROMBOLI_TOKEN is not sent to a context, which may be anybody's", async (t) => {
  const { run, host, requests } = await harness(t);
  await run(`context add box ${host} --use`);
  await run("ps -q", { env: { STROMBOLI_TOKEN: "mine" } });
  assert.equal(requests[0]?.headers.authorization, undefined);
});

test("no daemon is started for a context that does not answer", async (t) => {
  const { run } = await harness(t);
  await run("context add gone unix:///gone/one.sock --use");
  const { code, stderr } = await run("run hello");
  assert.deepEqual([code, stderr], [69, "stromboli: no daemon answers at unix:///gone/one.sock, the context gone"]);
});

for (const [line, code, message, input] of [
  ["context use nope", 1, /there is no context nope; list them with: stromboli context ls/],
  ["--context nope ps", 1, /there is no context nope/],
  ["context rm nope", 1, /there is no context nope/],
  ["context add default http://box", 2, /cannot be called default/],
  ["context add ../x http://box", 2, /cannot be called \.\.\/x/],
  ["context add box box:8080", 2, /the host of context box is not unix:\/\/\/path or http\(s\):\/\/host:port/],
  ["context add box https://me:word@box", 2, /holds a name or a password/],
  ["context add box https://box/api", 2, /has a path/],
  [
    "context add box http://box --token",
    2,
    /over http:\/\/ to box everybody .* use https:\/\/, or .*--insecure/,
    token,
  ],
  ["context add box https://box --token", 2, /not an API token/, "two words"],
  ["context add box https://box --token", 2, /not an API token/, ""],
  ["--context box daemon stop", 2, /daemon is about this machine alone: it takes no --context/],
] as const) {
  test(`stromboli ${line} ${input === undefined ? "" : `< ${JSON.stringify(input)} `}says what is wrong, and stores nothing`, async (t) => {
    const { run, path } = await harness(t);
    const result = await run(line, { input });
    assert.deepEqual([result.code, result.stdout], [code, ""]);
    assert.match(result.stderr, message);
    assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
  });
}

test("a context is not replaced unseen", async (t) => {
  const { run } = await harness(t);
  await run("context add box https://box");
  const { code, stderr } = await run("context add box https://other");
  assert.deepEqual(
    [code, stderr],
    [1, "stromboli: there is a context box; remove it first with: stromboli context rm box"],
  );
});

for (const host of ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1", "https://box", "unix:///a.sock"]) {
  test(`a token may go to ${host}`, () => assert.equal(targetOf("c", { host, token }).token, token));
}

for (const host of ["http://box", "http://10.0.0.1", "http://127.0.0.1.example.com", "http://localhost.example.com"]) {
  test(`a token does not go to ${host}, unless that was said to be right`, () => {
    assert.match(String(thrownBy(() => targetOf("c", { host, token }))), /everybody on the way could read the token/);
    assert.equal(targetOf("c", { host, token, insecure: true }).token, token);
    assert.equal(targetOf("c", { host }).token, undefined);
  });
}

test("tokens that others can read are not used", async (t) => {
  const { run, path } = await harness(t);
  await run("context add box https://box");
  chmodSync(path, 0o640);
  const { code, stderr } = await run("ps");
  assert.deepEqual(
    [code, stderr],
    [78, `stromboli: others can read the tokens in ${path}; put it right with: chmod 600 ${path}`],
  );
});

for (const text of ["", "[]", '{"current": 1, "contexts": {}}', '{"current": "a", "contexts": {"a": {"host": 1}}}']) {
  test(`a file of contexts that holds ${JSON.stringify(text)} is said to be broken`, async (t) => {
    const { run, folder, path } = await harness(t);
    writeFiles(folder, { "stromboli/contexts.json": text });
    chmodSync(path, 0o600);
    const { code, stderr } = await run("ps");
    assert.equal(code, 78);
    assert.match(stderr, /does not hold contexts; remove it and add them anew/);
  });
}
