import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { unitEnvironment, unitText } from "../../lib/service/unit.ts";
import { tempFolder, writeFiles } from "../harness.ts";

const facts = {
  command: ["/opt/node", "/opt/s.js", "daemon"],
  environment: {},
  environmentFile: "/home/me/service.env",
};
const lines = (text: string) => text.split("\n");

test("a unit says what to start, and has systemd wait until it is ready and watch it", () => {
  const said = lines(unitText(facts));
  for (const line of ["ExecStart=/opt/node /opt/s.js daemon", "Type=notify", "NotifyAccess=all", "WatchdogSec=60"])
    assert.ok(said.includes(line), line);
});

test("a restart leaves the containers and what serves them alone", () => {
  const said = lines(unitText(facts));
  assert.deepEqual([said.includes("KillMode=process"), said.includes("OOMPolicy=continue")], [true, true]);
});

test("nothing in a unit keeps rootless Podman from its ids", () => {
  const settings = lines(unitText(facts)).filter((line) => /^\w+=/.test(line));
  const forbidden =
    /^(NoNewPrivileges|SystemCall|Restrict(?!PreventExit)|Lock|Memory|Private|Protect|Dynamic|Capability)/;
  assert.deepEqual(
    settings.filter((line) => forbidden.test(line)),
    [],
  );
});

test("words with spaces, quotes, percent and dollar signs come through as they are", () => {
  const odd = unitText({
    command: ["/a b/node", 'say "hi"', "100%", "$HOME", "back\\slash"],
    environment: { XDG_STATE_HOME: "/my state/50%" },
    environmentFile: "/x%/env",
  });
  assert.ok(odd.includes(String.raw`ExecStart="/a b/node" "say \"hi\"" 100%% $$HOME "back\\slash"`));
  assert.ok(odd.includes('Environment="XDG_STATE_HOME=/my state/50%%"'));
  assert.ok(odd.includes("EnvironmentFile=-/x%%/env"));
});

test("what says where the daemon keeps its things goes into the unit, and no secret does", () => {
  const env = { XDG_STATE_HOME: "/s", XDG_CACHE_HOME: "", ANTHROPIC_API_KEY: "k", PATH: "/bin" };
  assert.deepEqual(unitEnvironment(env), { XDG_STATE_HOME: "/s" });
});

/** What systemd itself has to say of a unit; needs no running one. */
const verify = (t: TestContext, text: string, scope: "--user" | "--system") => {
  const folder = tempFolder(t);
  mkdirSync(join(folder, "run"));
  writeFiles(folder, { "stromboli.service": text });
  const env = { ...process.env, XDG_RUNTIME_DIR: join(folder, "run") };
  const args = ["verify", scope, "--man=no", join(folder, "stromboli.service")];
  const { status, stderr } = spawnSync("systemd-analyze", args, { env, encoding: "utf8" });
  return { status, said: stderr.split("\n").filter((line) => line.includes("stromboli.service")) };
};

const skip = spawnSync("systemd-analyze", ["--version"]).status === 0 ? false : "there is no systemd-analyze here";

test("systemd finds nothing wrong with the unit of a user", { skip }, (t) => {
  const command = [process.execPath, "--max-semi-space-size=2", join(import.meta.dirname, "a b/$x.js"), "daemon"];
  const text = unitText({ command, environment: { XDG_STATE_HOME: "/my state" }, environmentFile: "/tmp/none" });
  assert.deepEqual(verify(t, text, "--user"), { status: 0, said: [] });
});

test("systemd finds nothing wrong with the example for a system user", { skip }, (t) => {
  const example = readFileSync(join(import.meta.dirname, "../../examples/stromboli.service"), "utf8");
  const text = example.replace("ExecStart=/usr/local/bin/stromboli", `ExecStart=${process.execPath}`);
  assert.deepEqual(verify(t, text, "--system").said, []);
});
