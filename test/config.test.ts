import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { configKeys, loadConfig, variableOf, type ConfigSources } from "../lib/config.ts";
import { configOf, tempFolder, writeFiles } from "./harness.ts";

/** The configuration of one file, with variables and flags on top. */
const load = (t: TestContext, text: string, more: Partial<ConfigSources> = {}) => {
  const cwd = tempFolder(t);
  writeFiles(cwd, { "stromboli.yaml": text });
  return loadConfig({ env: {}, cwd, ...more }).config;
};

const refusal = (text: string | RegExp) => ({ code: "config_invalid", message: text });

test("an empty file means the defaults", (t) => {
  assert.deepEqual(load(t, ""), configOf());
});

test("a file of comments means the defaults", (t) => {
  assert.deepEqual(load(t, "# server:\n#   port: 1\n"), configOf());
});

test("a range of proxies that would match nothing is refused with what to write", (t) => {
  for (const range of ["10/8", "::ffff:10.0.0.0/104"])
    assert.throws(
      () => load(t, `server: { trusted_proxies: ["${range}"] }`),
      refusal(/10\.0\.0\.0\/8.*four numbers.*::ffff:/),
    );
});

test("a flag beats a variable, a variable beats the file, the file beats the default", (t) => {
  const { server } = load(t, "server: { port: 1, host: file, shutdown_grace: 1s }", {
    env: { STROMBOLI_SERVER_PORT: "2", STROMBOLI_SERVER_HOST: "variable" },
    flags: ["server.port=3"],
  });
  assert.deepEqual(server, { ...configOf().server, port: 3, host: "variable", shutdown_grace: "1s" });
});

test("the last of two flags for one key counts", (t) =>
  assert.equal(load(t, "", { flags: ["server.port=1", "server.port=2"] }).server.port, 2));

test("a file in the working directory comes before the user's own", (t) => {
  const cwd = tempFolder(t);
  writeFiles(cwd, {
    "stromboli.yaml": "log: { level: warn }",
    "xdg/stromboli/stromboli.yaml": "log: { level: error }",
  });
  const env = { XDG_CONFIG_HOME: join(cwd, "xdg") };
  assert.deepEqual(loadConfig({ env, cwd }).file, join(cwd, "stromboli.yaml"));
});

test("the reference in a checkout hides no file of the user's", (t) => {
  const env = { XDG_CONFIG_HOME: tempFolder(t) };
  writeFiles(env.XDG_CONFIG_HOME, { "stromboli/stromboli.yaml": "" });
  const { file } = loadConfig({ env, cwd: join(import.meta.dirname, "..") });
  assert.equal(file, join(env.XDG_CONFIG_HOME, "stromboli/stromboli.yaml"));
});

test("the user's own file is found in XDG_CONFIG_HOME", (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { "stromboli/stromboli.yaml": "log: { level: error }" });
  const { config } = loadConfig({ env: { XDG_CONFIG_HOME: folder }, cwd: join(folder, "stromboli/..") });
  assert.equal(config.log.level, "error");
});

test("STROMBOLI_CONFIG comes before the working directory, and a named file before both", (t) => {
  const cwd = tempFolder(t);
  writeFiles(cwd, { "stromboli.yaml": "", "env.yaml": "", "flag.yaml": "" });
  const env = { STROMBOLI_CONFIG: join(cwd, "env.yaml") };
  assert.deepEqual(
    [loadConfig({ env, cwd }).file, loadConfig({ env, cwd, file: join(cwd, "flag.yaml") }).file],
    [join(cwd, "env.yaml"), join(cwd, "flag.yaml")],
  );
});

test("a named file that is not there is refused", (t) => {
  const cwd = tempFolder(t);
  assert.throws(
    () => loadConfig({ env: {}, cwd, file: join(cwd, "no.yaml") }),
    refusal(/there is no configuration file .*no\.yaml/),
  );
});

const defaultOf = (path: readonly string[]) =>
  path.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], configOf()); // keys come from the schema

test("every key has a variable that can say its default", (t) => {
  const env = Object.fromEntries(configKeys().map((key) => [variableOf(key), String(defaultOf(key))]));
  assert.deepEqual(load(t, "", { env }), configOf());
});

test("a list in a variable is written with commas, or as YAML", (t) => {
  const volumesOf = (text: string) => load(t, "", { env: { STROMBOLI_POLICY_VOLUMES: text } }).policy.volumes;
  assert.deepEqual(["/a, /b:ro", '["/a", "/b:ro"]', "/a", ""].map(volumesOf), [
    ["/a", "/b:ro"],
    ["/a", "/b:ro"],
    ["/a"],
    [],
  ]);
});

test("a text key takes what looks like a number as it stands", (t) => {
  const env = { STROMBOLI_CLAUDE_MODEL: "123", STROMBOLI_DEFAULTS_CPUS: "2" };
  const { claude, defaults } = load(t, "", { env });
  assert.deepEqual([claude.model, defaults.cpus], ["123", "2"]);
});

test("a yes-or-no key is read from a variable", (t) => {
  assert.equal(load(t, "", { env: { STROMBOLI_POLICY_WRITABLE_ROOT: "false" } }).policy.writable_root, false);
});

test("an unknown key is refused with file, line and a suggestion", (t) => {
  assert.throws(
    () => load(t, "log:\n  level: info\nserver:\n  prot: 1\n"),
    refusal(/\/stromboli\.yaml:4: server\.prot: unknown key, did you mean server\.port\?$/),
  );
});

test("an unknown key that resembles nothing gets no suggestion", (t) => {
  assert.throws(() => load(t, "completely_different: 1"), refusal(/:1: completely_different: unknown key$/));
});

test("a bad value is refused with file and line", (t) => {
  assert.throws(() => load(t, "\n\nserver:\n  port: high"), refusal(/\/stromboli\.yaml:4: server\.port: /));
});

test("a bad value in a variable is refused with the variable's name", (t) => {
  assert.throws(
    () => load(t, "server: { port: 1 }", { env: { STROMBOLI_SERVER_PORT: "high" } }),
    refusal(/^STROMBOLI_SERVER_PORT: /),
  );
});

test("all that is wrong is said at once", (t) => {
  assert.throws(() => load(t, "servr: 1\nlog: { level: loud }\n"), refusal(/(?=.*:1: servr)(?=.*:2: log\.level)/s));
});

for (const flag of ["server.port", "=1", ""]) {
  test(`a flag that is no key=value is refused: ${JSON.stringify(flag)}`, (t) => {
    assert.throws(() => load(t, "", { flags: [flag] }), refusal(/key=value/));
  });
}

test("a flag's value may hold an equals sign", (t) => {
  assert.equal(load(t, "", { flags: ["claude.api_url=http://x/?a=b"] }).claude.api_url, "http://x/?a=b");
});

for (const [title, text] of [
  ["broken YAML", "server: [1"],
  ["a key that is there twice", "log: {}\nlog: {}"],
  ["a list", "- 1"],
  ["a word", "hello"],
] as const) {
  test(`a file that holds ${title} is refused by name`, (t) => {
    assert.throws(() => load(t, text), refusal(/stromboli\.yaml/));
  });
}

test("a section with nothing in it means its defaults", (t) => {
  assert.deepEqual(load(t, "log:\n  # level: debug\n"), configOf());
});

test("a variable that is broken YAML is refused with its name", (t) => {
  const env = { STROMBOLI_POLICY_VOLUMES: "[oops" };
  assert.throws(() => load(t, "", { env }), refusal(/STROMBOLI_POLICY_VOLUMES/));
});

test("a bad item of a list is refused with file and line", (t) => {
  assert.throws(
    () => load(t, "policy:\n  volumes:\n    - relative\n"),
    refusal(/stromboli\.yaml:[23]: policy\.volumes/),
  );
});

test("a section that is a word is refused also when a variable sets one of its keys", (t) => {
  const env = { STROMBOLI_SERVER_PORT: "1" };
  assert.throws(() => load(t, "server: hello", { env }), refusal(/stromboli\.yaml:1: server: /));
});

test("a folder in place of the file is refused by name", (t) => {
  const cwd = tempFolder(t);
  mkdirSync(join(cwd, "stromboli.yaml"));
  assert.throws(() => loadConfig({ env: {}, cwd }), refusal(/stromboli\.yaml/));
});

for (const secret of [
  "short",
  "a".repeat(64),
  "change-me-change-me-change-me-0123456789",
  "my-super-secret-jwt-secret-0123456789abc",
]) {
  test(`a JWT secret that can be guessed is refused, with how to make one: ${secret.slice(0, 12)}`, (t) => {
    assert.throws(
      () => load(t, `auth: { jwt_secret: ${secret} }`),
      refusal(/auth\.jwt_secret: must .*openssl rand -hex 32/),
    );
  });
}
