import assert from "node:assert/strict";
import { test } from "node:test";
import { serviceArgv, type ServiceSpec } from "../../lib/podman/service-argv.ts";

const spec: ServiceSpec = {
  service: "db",
  container: "stromboli-s-db",
  image: "sha256:1",
  command: undefined,
  entrypoint: undefined,
  envFile: "/j/services/db/env",
  env: "A=1\n",
  ociHooks: undefined,
  needs: [],
  health: undefined,
  volumes: [],
  mounts: [],
  networks: ["stromboli-s-default:alias=db"],
  tmpfs: [],
  workdir: undefined,
  user: undefined,
  hostname: undefined,
  stopSignal: undefined,
  init: false,
  readOnly: false,
  restarts: false,
  capDrop: [],
  limits: { memoryBytes: 1000, cpus: "0.5", pids: 64 },
  shmBytes: undefined,
  ports: [],
  secrets: [],
  lastResortSeconds: 60,
  selinux: false,
};
const argvOf = (more: Partial<ServiceSpec> = {}) => serviceArgv({ ...spec, ...more }, { "stromboli.stack": "s" });

test("a service that says nothing gets the least that a database can live with", () => {
  assert.deepEqual(argvOf(), [
    "run",
    "--detach",
    "--pull=never",
    "--name=stromboli-s-db",
    "--label=stromboli.stack=s",
    "--log-driver=k8s-file",
    "--log-opt=max-size=10mb",
    "--cap-drop=all",
    "--cap-add=CHOWN",
    "--cap-add=DAC_OVERRIDE",
    "--cap-add=FOWNER",
    "--cap-add=FSETID",
    "--cap-add=KILL",
    "--cap-add=NET_BIND_SERVICE",
    "--cap-add=SETGID",
    "--cap-add=SETUID",
    "--security-opt=no-new-privileges",
    "--http-proxy=false",
    "--memory=1000",
    "--memory-swap=1000",
    "--cpus=0.5",
    "--pids-limit=64",
    "--timeout=60",
    "--env-file=/j/services/db/env",
    "--network=stromboli-s-default:alias=db",
    "--no-healthcheck",
    "sha256:1",
  ]);
});

test("all that a file can say of a service stands before its image, and its command behind", () => {
  const argv = argvOf({
    entrypoint: ["sh", "-c"],
    command: ["--privileged", "x"],
    ociHooks: "/h",
    mounts: [{ source: "/data", target: "/d", options: ["ro"] }],
    tmpfs: ["/t"],
    workdir: "/w",
    user: "1:2",
    hostname: "h",
    stopSignal: "SIGINT",
    init: true,
    readOnly: true,
    restarts: true,
    shmBytes: 5,
    ports: ["127.0.0.1:1:2/tcp"],
    secrets: ["key"],
    lastResortSeconds: 0,
    selinux: true,
  });
  const plain = new Set(argvOf());
  const image = argv.indexOf("sha256:1");
  assert.deepEqual(
    argv.slice(0, image).filter((flag) => !plain.has(flag)),
    [
      "--hooks-dir=/h",
      "--security-opt=label=disable",
      "--read-only",
      "--init",
      "--restart=on-failure:10",
      "--shm-size=5b",
      "--secret=key",
      "--volume=/data:/d:ro",
      "--tmpfs=/t:rw,nosuid,nodev",
      "--publish=127.0.0.1:1:2/tcp",
      "--workdir=/w",
      "--user=1:2",
      "--hostname=h",
      "--stop-signal=SIGINT",
      '--entrypoint=["sh","-c"]',
    ],
  );
  assert.deepEqual(argv.slice(image + 1), ["--privileged", "x"]);
  assert.ok(!argv.some((flag) => flag.startsWith("--timeout")));
});

const given = (capDrop: string[]) => argvOf({ capDrop }).filter((flag) => flag.startsWith("--cap-add"));

test("capabilities that a file drops are not given, however it writes them", () => {
  assert.deepEqual(given(["ALL"]), []);
  const dropped = given(["CAP_CHOWN", "setuid", "NET_RAW"]);
  assert.deepEqual([dropped.length, dropped.includes("--cap-add=CHOWN")], [6, false]);
});
