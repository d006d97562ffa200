import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { execa } from "execa";
import { parse } from "yaml";
import { configOf, tempFolder, writeFiles } from "../harness.ts";

const launcher = join(import.meta.dirname, "../../bin/stromboli");
const random = "d41d8cd98f00b204e9800998ecf8427e";

/** The real command in a folder with a configuration file. */
const harness = (t: TestContext, yaml?: string) => {
  const folder = tempFolder(t);
  if (yaml !== undefined) writeFiles(folder, { "stromboli.yaml": yaml });
  const run = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const options = { cwd: folder, env: { XDG_CONFIG_HOME: folder, ...env }, reject: false };
    const { exitCode, stdout, stderr } = await execa(launcher, ["config", ...args], options);
    return { code: exitCode, stdout, stderr };
  };
  return { run, folder, file: join(folder, "stromboli.yaml") };
};

test("config show prints what a daemon would have, which is a configuration again", async (t) => {
  const { run } = harness(t, "server: { port: 9000 }");
  const wanted = configOf({ server: { port: 9000 }, log: { level: "debug" } });
  const env = { STROMBOLI_LOG_LEVEL: "debug" };
  assert.deepEqual(parse((await run(["show"], env)).stdout), wanted);
  assert.deepEqual(JSON.parse((await run(["show", "--json"], env)).stdout), wanted);
});

test("config show --origin says where each value comes from", async (t) => {
  const { run, file } = harness(t, "server:\n  port: 9000\n  host: 127.0.0.1\n");
  const args = ["show", "--origin", "--json", "--set", "jobs.max_running=3", "--set", "server.host=::1"];
  const { stdout } = await run(args, { STROMBOLI_POLICY_VOLUMES: "/a,/b", STROMBOLI_SERVER_HOST: "127.0.0.2" });
  const all = JSON.parse(stdout) as { key: string; value: unknown; origin: string }[];
  const of = (wanted: string) => all.filter(({ key }) => key === wanted).map(({ value, origin }) => [value, origin]);
  assert.deepEqual(["server.port", "policy.volumes", "jobs.max_running", "server.host", "log.level"].flatMap(of), [
    [9000, `${file}:2`],
    [["/a", "/b"], "STROMBOLI_POLICY_VOLUMES"],
    [3, "--set"],
    ["::1", "--set"],
    ["info", "default"],
  ]);
});

test("config show never shows a secret", async (t) => {
  const { run } = harness(t, `auth: { jwt_secret: ${random} }`);
  for (const args of [["show"], ["show", "--json"], ["show", "--origin"], ["show", "--origin", "--json"]]) {
    const { code, stdout } = await run(args, { STROMBOLI_WEBHOOKS_SECRET: "hush" });
    assert.deepEqual([code, stdout.match(/\*{8}/g)?.length], [0, 2]);
    assert.doesNotMatch(stdout, new RegExp(`hush|${random}`));
  }
});

test("config validate names each fault and its place, in the file and in the environment", async (t) => {
  const { run, file } = harness(t, "server:\n  prot: 1\n");
  const env = { STROMBOLI_LOG_LEVEL: "loud" };
  const { code, stdout, stderr } = await run(["validate"], env);
  assert.deepEqual([code, stdout], [78, ""]);
  assert.match(stderr, new RegExp(`${file}:2: server.prot: unknown key, did you mean server.port\\?`));
  assert.match(stderr, /STROMBOLI_LOG_LEVEL: /);
  const told = await run(["validate", "--json"], env);
  const { valid, issues } = JSON.parse(told.stdout) as { valid: boolean; issues: unknown[] };
  assert.deepEqual([told.code, valid, issues.length], [78, false, 2]);
});

test("config validate --json names the file and the line where it is no YAML", async (t) => {
  const { run, file } = harness(t, "server:\n  port: 1: 2\n");
  const { code, stdout } = await run(["validate", "--json"]);
  const told = JSON.parse(stdout) as { file: string; issues: { path: string; message: string }[] };
  assert.deepEqual([code, told.file, told.issues.map(({ path }) => path)], [78, file, [`${file}:2`]]);
  assert.match(told.issues[0]?.message ?? "", /Nested mappings/);
});

test("config validate --json names the file that is not there", async (t) => {
  const { run } = harness(t);
  const { stdout } = await run(["validate", "--json", "gone.yaml"]);
  const message = "there is no such file";
  assert.deepEqual(JSON.parse(stdout), { valid: false, file: "gone.yaml", issues: [{ path: "gone.yaml", message }] });
});

test("config validate says which file is valid, or that there is none", async (t) => {
  const there = harness(t, "server: { port: 9000 }");
  assert.equal((await there.run(["validate"])).stdout, `${there.file} is valid`);
  assert.deepEqual(JSON.parse((await there.run(["validate", "--json"])).stdout), {
    valid: true,
    file: there.file,
    issues: [],
  });
  assert.match(
    (await harness(t).run(["validate"])).stdout,
    /^there is no configuration file; the environment is valid$/,
  );
});

for (const [title, text, message] of [
  ["that is not there", undefined, /there is no configuration file .*other\.yaml/],
  ["that is no YAML", "a: [", /other\.yaml:1: /],
  ["that holds no keys", "hello", /a configuration file holds keys and values/],
] as const) {
  test(`config validate of a file ${title} says so`, async (t) => {
    const { run, folder } = harness(t);
    if (text !== undefined) writeFiles(folder, { "other.yaml": text });
    const { code, stderr } = await run(["validate", "other.yaml"]);
    assert.equal(code, 78);
    assert.match(stderr, message);
  });
}

test("config init writes a file in which all is commented out, and never a second time", async (t) => {
  const { run, folder } = harness(t);
  const path = join(folder, "stromboli/stromboli.yaml");
  assert.deepEqual(await run(["init"]), { code: 0, stdout: path, stderr: "" });
  assert.equal((statSync(path).mode & 0o777).toString(8), "600");
  const text = readFileSync(path, "utf8");
  assert.match(text, /^server:\n(  #.*\n)*  # port: 8080$/m);
  assert.equal((await run(["validate"])).stdout, `${path} is valid`);
  assert.match((await run(["show", "--origin"])).stdout, /^server\.port +default +8080$/m);
  writeFiles(folder, { "stromboli/stromboli.yaml": "server: { port: 9000 }" });
  const again = await run(["init"]);
  assert.deepEqual([again.code, again.stderr], [1, `stromboli: there is one already, and it stays as it is: ${path}`]);
  assert.equal(readFileSync(path, "utf8"), "server: { port: 9000 }");
});
