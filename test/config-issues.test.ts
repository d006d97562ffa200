import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { loadConfig } from "../lib/config.ts";
import { tempFolder, writeFiles } from "./harness.ts";

const load = (t: TestContext, flag: string, env: NodeJS.ProcessEnv = {}) => {
  const cwd = tempFolder(t);
  writeFiles(cwd, { "stromboli.yaml": "server: { port: 1 }" });
  return loadConfig({ env, cwd, flags: [flag] });
};

test("a flag with an unknown key is refused with the flag, not with a line of the file", (t) => {
  const message = /^--set server\.prot: unknown key, did you mean server\.port\?$/;
  assert.throws(() => load(t, "server.prot=1"), { code: "config_invalid", message });
});

test("a bad value in a flag is refused with the flag, whatever the environment says", (t) => {
  const message = /^--set server\.port: /;
  assert.throws(() => load(t, "server.port=high", { STROMBOLI_SERVER_PORT: "9000" }), { message });
});

test("a flag that sets a section is named with the key in it that is wrong", (t) => {
  assert.throws(() => load(t, "server={prot: 1}"), { message: /^--set server\.prot: unknown key/ });
});
