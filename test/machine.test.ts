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

test("Podman gets of the daemon's environment what it reads", (t) => {
  const env = {
    PATH: "/bin",
    HOME: "/home/me",
    LC_ALL: "C.UTF-8",
    XDG_CONFIG_HOME: tempFolder(t),
    XDG_RUNTIME_DIR: "/run/x",
    CONTAINERS_CONF: "/conf",
    STORAGE_DRIVER: "vfs",
    _CONTAINERS_USERNS_CONFIGURED: "done",
    REGISTRY_AUTH_FILE: "/auth.json",
    DBUS_SESSION_BUS_ADDRESS: "unix:path=/run/x/bus",
    https_proxy: "http://proxy:3128",
    NO_PROXY: "localhost",
    SSL_CERT_FILE: "/ca.pem",
  };
  assert.deepEqual(podmanEnvironment({ ...env, LANG: undefined }), env);
});

const foreign =
  "ANTHROPIC_API_KEY CLAUDE_CODE_OAUTH_TOKEN ANTHROPIC_AUTH_TOKEN STROMBOLI_AUTH_JWT_SECRET STROMBOLI_TOKEN " +
  "AWS_SECRET_ACCESS_KEY GITHUB_TOKEN NODE_OPTIONS LD_PRELOAD BASH_ENV NOTIFY_SOCKET LISTEN_FDS CONTAINER_HOST SSH_AUTH_SOCK " +
  "MY_PATH PATHS HTTP_PROXY_PASSWORD";
for (const name of foreign.split(" ")) {
  test(`${name} does not reach Podman`, (t) => {
    const env = { XDG_CONFIG_HOME: tempFolder(t), XDG_RUNTIME_DIR: "/run/x" };
    assert.deepEqual(podmanEnvironment({ ...env, [name]: "SECRET" }), env);
  });
}

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
