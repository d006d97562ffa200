import assert from "node:assert/strict";
import { test } from "node:test";
import { runArgv, type ContainerSpec } from "../../lib/podman/argv.ts";

const base: ContainerSpec = {
  name: "stromboli-run-1",
  labels: { "stromboli.state": "s", "stromboli.job": "run-1" },
  image: "sha256:abc",
  command: ["/opt/claude/claude", "--print"],
  workdir: "/workspace",
  user: "1000:1000",
  keepId: false,
  envFile: "/jobs/run-1/env",
  secrets: [{ name: "github", variable: "GH_TOKEN" }],
  mounts: [
    { source: "/a", target: "/workspace", options: ["rw", "U"] },
    { source: "/b", target: "/x", options: ["ro"] },
  ],
  readOnly: true,
  tmpBytes: 268_435_456,
  networks: ["private"],
  memoryBytes: 536_870_912,
  cpus: "0.5",
  cpuShares: undefined,
  pids: 512,
  lastResortSeconds: 90,
  selinux: false,
  ociHooks: undefined,
  extraFiles: 0,
};

const argvOf = (more: Partial<ContainerSpec> = {}) => runArgv({ ...base, ...more });

test("image and command come last, behind every option", () => {
  assert.deepEqual(argvOf().slice(-3), ["sha256:abc", "/opt/claude/claude", "--print"]);
});

test("between the subcommand and the image there are options only, each with its value in itself", () => {
  const options = argvOf().slice(1, -3);
  assert.deepEqual(
    options.filter((argument) => !/^--[a-z]/.test(argument)),
    [],
  );
});

for (const option of [
  "--detach",
  "--interactive",
  "--init",
  "--pull=never",
  "--log-driver=passthrough",
  "--entrypoint=",
  "--stop-signal=SIGINT",
  "--cap-drop=all",
  "--security-opt=no-new-privileges",
  "--read-only",
  "--user=1000:1000",
  "--http-proxy=false",
  "--name=stromboli-run-1",
  "--label=stromboli.state=s",
  "--label=stromboli.job=run-1",
  "--workdir=/workspace",
  "--memory=536870912",
  "--memory-swap=536870912",
  "--cpus=0.5",
  "--pids-limit=512",
  "--timeout=90",
  "--env-file=/jobs/run-1/env",
  "--secret=github,type=env,target=GH_TOKEN",
  "--network=private",
  "--volume=/a:/workspace:rw,U",
  "--volume=/b:/x:ro",
]) {
  test(`a container has ${option}`, () => assert.ok(argvOf().includes(option)));
}

for (const option of ["--rm", "--privileged", "--cap-add", "--env=", "--userns=keep-id", "--cpu-shares", "--publish"]) {
  test(`a container has no ${option} by itself`, () => {
    assert.ok(!argvOf().some((argument) => argument.startsWith(option)));
  });
}

test("/tmp and /run are in memory, limited in size, and hold no set-uid programs or devices", () => {
  const mounts = argvOf().filter((argument) => argument.startsWith("--tmpfs="));
  assert.deepEqual(mounts, [
    "--tmpfs=/tmp:rw,nosuid,nodev,mode=1777,size=268435456",
    "--tmpfs=/run:rw,nosuid,nodev,mode=1777,size=16777216",
  ]);
});

test("a writable root is not read-only", () => {
  assert.ok(!argvOf({ readOnly: false }).some((argument) => argument.startsWith("--read-only")));
});

test("rootless, ids are kept", () => {
  assert.ok(argvOf({ keepId: true }).includes("--userns=keep-id"));
});

test("a CPU weight is passed on when there is one", () => {
  assert.ok(argvOf({ cpuShares: 2 }).includes("--cpu-shares=2"));
});

test("SELinux is told to let the container to the broker's socket, where there is SELinux", () => {
  const option = "--security-opt=label=disable";
  assert.deepEqual([argvOf().includes(option), argvOf({ selinux: true }).includes(option)], [false, true]);
});

test("files beside the standard streams are passed on where there are some", () => {
  assert.ok(argvOf({ extraFiles: 2 }).includes("--preserve-fds=2"));
  assert.ok(!argvOf().some((argument) => argument.startsWith("--preserve-fds")));
});

test("the hooks that look at its mounts are named where there are some", () => {
  assert.ok(argvOf({ ociHooks: "/jobs/run-1/hooks" }).includes("--hooks-dir=/jobs/run-1/hooks"));
  assert.ok(!argvOf().some((argument) => argument.startsWith("--hooks-dir")));
});
