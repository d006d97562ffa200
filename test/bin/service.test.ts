import assert from "node:assert/strict";
import { chmodSync, existsSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { execa } from "execa";
import { createService, unitFor, type Systemctl } from "../../bin/service.ts";
import { tempFolder } from "../harness.ts";

const command = ["/opt/node", "/opt/s.js", "daemon"];

/** A user whose systemd does as told, unless a command is to fail. */
const open = (t: TestContext, { isUp = false, fails = "" } = {}) => {
  const env = { HOME: tempFolder(t) };
  const asked: string[] = [];
  let active = false;
  const systemctl: Systemctl = (...args) => {
    const [verb = ""] = args;
    if (verb === "is-active") return { code: active ? 0 : 3, said: "" };
    asked.push(args.join(" "));
    if (verb === fails) return { code: 1, said: "Job failed\n" };
    active = verb === "restart" || (verb !== "disable" && active);
    return { code: 0, said: "" };
  };
  const service = createService({ env, systemctl, isUp: () => Promise.resolve(isUp || active) });
  return { env, asked, service, text: () => readFileSync(service.path, "utf8") };
};

const mode = (path: string) => lstatSync(path).mode & 0o777;

test("install writes the unit and a private environment file, and has systemd start it now and at each boot", async (t) => {
  const { env, asked, service, text } = open(t);
  await service.install({ command, force: false });
  assert.equal(service.path, join(env.HOME, ".config/systemd/user/stromboli.service"));
  assert.equal(text(), unitFor(env, command));
  assert.deepEqual(asked, ["daemon-reload", "enable stromboli.service", "restart stromboli.service"]);
  assert.equal(mode(service.environmentFile), 0o600);
});

test("what stands in the environment file stays, and is closed to others", async (t) => {
  const { service } = open(t);
  await service.install({ command, force: false });
  writeFileSync(service.environmentFile, "ANTHROPIC_API_KEY=k\n");
  chmodSync(service.environmentFile, 0o644);
  await service.install({ command, force: false });
  assert.deepEqual(
    [readFileSync(service.environmentFile, "utf8"), mode(service.environmentFile)],
    ["ANTHROPIC_API_KEY=k\n", 0o600],
  );
});

test("a unit that was changed is kept, unless by force", async (t) => {
  const { service, text } = open(t);
  await service.install({ command, force: false });
  writeFileSync(service.path, "[Unit]\n");
  await assert.rejects(service.install({ command, force: false }), {
    exitCode: 1,
    message: /says something else.*--force$/,
  });
  assert.equal(text(), "[Unit]\n");
  await service.install({ command, force: true });
  assert.match(text(), /Type=notify/);
});

test("beside a daemon that is no service nothing is installed", async (t) => {
  const { service, asked } = open(t, { isUp: true });
  await assert.rejects(service.install({ command, force: false }), { message: /stromboli daemon stop/ });
  assert.deepEqual([existsSync(service.path), asked], [false, []]);
});

test("what systemd refuses is told in its own words", async (t) => {
  const { service } = open(t, { fails: "restart" });
  await assert.rejects(service.install({ command, force: false }), {
    exitCode: 69,
    message: "systemctl --user restart stromboli.service failed: Job failed",
  });
});

test("uninstall stops and removes the unit and leaves the environment, and says when there is none", async (t) => {
  const { service, asked } = open(t);
  await service.install({ command, force: false });
  assert.equal(service.uninstall(), true);
  assert.deepEqual(asked.slice(3), ["disable --now stromboli.service", "daemon-reload"]);
  assert.deepEqual([existsSync(service.path), existsSync(service.environmentFile)], [false, true]);
  assert.equal(service.uninstall(), false);
});

const launcher = join(import.meta.dirname, "../../bin/stromboli");
const root = process.getuid?.() === 0;
const skip = !root && existsSync("/run/systemd/system") ? "this user has a systemd, which is not to be touched" : false;

test("where there can be no service each command says why, and changes nothing", { skip }, async (t) => {
  const env = { HOME: tempFolder(t), STROMBOLI_CONFIG: "" };
  for (const verb of ["install", "uninstall", "status", "logs"]) {
    const { exitCode, stdout, stderr } = await execa(launcher, ["service", verb], { env, reject: false });
    assert.deepEqual([exitCode, stdout], [root ? 2 : 69, ""]);
    assert.match(stderr, root ? /examples\/stromboli\.service/ : /stromboli daemon start$/);
  }
  assert.equal(existsSync(join(env.HOME, ".config")), false);
});

test("the unit is printed wherever one is, with a configuration that is read first", async (t) => {
  const env = { HOME: tempFolder(t), STROMBOLI_CONFIG: "" };
  const file = join(env.HOME, "my.yaml");
  writeFileSync(file, "log: {level: debug}");
  const print = (path: string) =>
    execa(launcher, ["service", "install", "--print", "-c", path], { env, reject: false, cwd: env.HOME });
  const { stdout } = await print("my.yaml");
  assert.match(stdout, new RegExp(`^ExecStart=.*/bin/stromboli\\.js daemon --config ${file}$`, "m"));
  const { exitCode, stderr } = await print("none.yaml");
  assert.deepEqual([exitCode, stderr], [78, "stromboli: there is no configuration file none.yaml"]);
});
