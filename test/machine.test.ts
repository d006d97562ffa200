import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { findMachine, podmanEnvironment } from "../lib/machine.ts";
import { tempFolder, writeFiles } from "./harness.ts";

test("a state folder has one label, another folder another one", () => {
  const labels = ["/a", "/a", "/b"].map((folder) => findMachine(folder).stateLabel);
  assert.deepEqual([labels[0] === labels[1], labels[0] === labels[2]], [true, false]);
});

test("the machine is rootless unless we are root", () => {
  const { rootless, uid } = findMachine("/a");
  assert.deepEqual([rootless, uid], [process.getuid?.() !== 0, process.getuid?.()]);
});

test("Podman gets the daemon's environment without any credential", (t) => {
  const env = {
    ANTHROPIC_API_KEY: "SECRET",
    CLAUDE_CODE_OAUTH_TOKEN: "SECRET",
    ANTHROPIC_AUTH_TOKEN: "SECRET",
    XDG_CONFIG_HOME: tempFolder(t),
    XDG_RUNTIME_DIR: "/run/x",
    PATH: "/bin",
    UNSET: undefined,
  };
  const { XDG_CONFIG_HOME: _, ...rest } = podmanEnvironment(env);
  assert.deepEqual(rest, { XDG_RUNTIME_DIR: "/run/x", PATH: "/bin" });
});

for (const [name, variable] of [
  ["containers.conf", "CONTAINERS_CONF"],
  ["containers-override.conf", "CONTAINERS_CONF_OVERRIDE"],
] as const) {
  test(`what the set-up wrote to ${name} is told to Podman`, (t) => {
    const folder = tempFolder(t);
    writeFiles(folder, { [`stromboli/${name}`]: "" });
    assert.equal(podmanEnvironment({ XDG_CONFIG_HOME: folder })[variable], join(folder, "stromboli", name));
  });
}

test("the user's own containers.conf comes before the set-up's", (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { "stromboli/containers.conf": "", "stromboli/containers-override.conf": "" });
  const { CONTAINERS_CONF, CONTAINERS_CONF_OVERRIDE } = podmanEnvironment({
    XDG_CONFIG_HOME: folder,
    CONTAINERS_CONF: "/mine",
  });
  assert.deepEqual([CONTAINERS_CONF, CONTAINERS_CONF_OVERRIDE], ["/mine", undefined]);
});
