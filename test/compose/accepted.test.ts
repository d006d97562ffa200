import assert from "node:assert/strict";
import { test } from "node:test";
import type { Health, ServicePlan } from "../../lib/compose/plan.ts";
import { serviceOf } from "./stack.ts";

const mib = 1_048_576;

/** What a service says, and what of its plan follows from it. */
const accepted: readonly [keys: string, plan: Partial<ServicePlan>][] = [
  [`command: redis-server --save "" 'a b' c\\ d`, { command: ["redis-server", "--save", "", "a b", "c d"] }],
  ["command: [redis-server, --port, 6379]", { command: ["redis-server", "--port", "6379"] }],
  ["command: []", { command: [] }],
  ["command:", { command: undefined }],
  ["command: sh -c 'a | b' && c > $$D", { command: ["sh", "-c", "a | b", "&&", "c", ">", "$D"] }],
  ["command: |\n  run\n    --fast\n", { command: ["run", "--fast"] }],
  ["entrypoint: /init.sh --now", { entrypoint: ["/init.sh", "--now"] }],
  ["entrypoint: ['/init.sh', '']", { entrypoint: ["/init.sh", ""] }],
  [
    "environment: {A: x, B: 1.10, C: 0022, D: true, E: ''}",
    { environment: { A: "x", B: "1.10", C: "0022", D: "true", E: "" } },
  ],
  ["environment: [A=x=y, B=]", { environment: { A: "x=y", B: "" } }],
  ["environment:\n", { environment: {} }],
  ["environment: {PATH: /opt/bin, LD_PRELOAD: x}", { environment: { PATH: "/opt/bin", LD_PRELOAD: "x" } }],
  ["environment: {constructor: x, toString: y}", { environment: { constructor: "x", toString: "y" } }],
  ["working_dir: /srv", { workdir: "/srv" }],
  ["user: postgres", { user: "postgres" }],
  ["user: 999:0", { user: "999:0" }],
  ["user: 0", { user: "0" }],
  ["hostname: db-1", { hostname: "db-1" }],
  ["init: true", { init: true }],
  ["init: 'true'", { init: true }],
  ["init: false", { init: false }],
  ["read_only: true", { readOnly: true }],
  ["restart: no", { restarts: false }],
  ["restart: 'no'", { restarts: false }],
  ["restart: on-failure:3", { restarts: true }],
  ["restart: on-failure", { restarts: true }],
  ["restart: always", { restarts: true }],
  ["restart: unless-stopped", { restarts: true }],
  ["stop_signal: SIGINT", { stopSignal: "SIGINT" }],
  ["stop_signal: 15", { stopSignal: "15" }],
  ["stop_grace_period: 1m30s", {}],
  ["mem_limit: 256m", { limits: { memoryBytes: 256 * mib, cpus: "1", pids: 512 } }],
  ["mem_limit: 134217728", { limits: { memoryBytes: 128 * mib, cpus: "1", pids: 512 } }],
  ["cpus: 0.50", { limits: { memoryBytes: 512 * mib, cpus: "0.50", pids: 512 } }],
  ["cpus: '2'", { limits: { memoryBytes: 512 * mib, cpus: "2", pids: 512 } }],
  ["pids_limit: 100", { limits: { memoryBytes: 512 * mib, cpus: "1", pids: 100 } }],
  [
    "deploy: {replicas: 1, resources: {limits: {memory: 1gb, cpus: '1.5', pids: 64}}}",
    { limits: { memoryBytes: 1024 * mib, cpus: "1.5", pids: 64 } },
  ],
  ["shm_size: 64mb", { shmBytes: 64 * mib }],
  ["shm_size: 1.5 GB", { shmBytes: 1536 * mib }],
  ["shm_size: 100k", { shmBytes: 102_400 }],
  ["shm_size: 10b", { shmBytes: 10 }],
  ["cap_drop: [all]", { capDrop: ["ALL"] }],
  ["cap_drop: [NET_RAW, CAP_CHOWN]", { capDrop: ["NET_RAW", "CAP_CHOWN"] }],
  ["tmpfs: /run", { tmpfs: ["/run"] }],
  ["tmpfs: [/run, /tmp/]", { tmpfs: ["/run", "/tmp"] }],
  ["expose: [5432]", { ports: [] }],
  ["labels: {a: '${MISSING}'}", {}],
  ["labels: [a=b]", {}],
  ["x-anything: {privileged: true}", {}],
];

for (const [keys, plan] of accepted) {
  test(`a service may say ${JSON.stringify(keys)}`, () => {
    assert.deepEqual(serviceOf(keys), { ...serviceOf(""), ...plan });
  });
}

const health: Health = {
  command: ["CMD-SHELL", "true"],
  intervalMs: 30_000,
  timeoutMs: 30_000,
  retries: 3,
  startPeriodMs: 0,
};

const checks: readonly [keys: string, plan: unknown][] = [
  ["{test: 'true'}", health],
  ["{test: [CMD-SHELL, 'true']}", health],
  ["{test: [CMD, pg_isready, -U, me]}", { ...health, command: ["CMD", "pg_isready", "-U", "me"] }],
  [
    "{test: 'true', interval: 1m30s, timeout: 1.5s, retries: 5, start_period: 500ms}",
    { ...health, intervalMs: 90_000, timeoutMs: 1500, retries: 5, startPeriodMs: 500 },
  ],
  ["{test: 'true', start_period: 0, timeout: 1h1m1s1ms1us}", { ...health, timeoutMs: 3_661_002 }],
  ["{test: NONE}", { ...health, command: ["CMD-SHELL", "NONE"] }],
  ["{test: [NONE]}", "none"],
  ["{disable: true}", "none"],
  ["{disable: false, test: 'true'}", health],
  ["", undefined],
];

for (const [keys, plan] of checks) {
  test(`a healthcheck may be ${JSON.stringify(keys)}`, () => {
    assert.deepEqual(serviceOf(`healthcheck: ${keys}`).health, plan);
  });
}

test("ports are published at the loopback address where policy allows any", () => {
  const { ports } = serviceOf("ports: [8080:80, '127.0.0.1:5432:5432', 53:53/udp, '90:90/tcp']", { hostPorts: true });
  assert.deepEqual(ports, [
    "127.0.0.1:8080:80/tcp",
    "127.0.0.1:5432:5432/tcp",
    "127.0.0.1:53:53/udp",
    "127.0.0.1:90:90/tcp",
  ]);
});

test("secrets of Podman's are named at the top and in the service", () => {
  const top = "secrets: {db_password: {external: true}, Other-1: {external: true}}";
  assert.deepEqual(serviceOf("secrets: [db_password, db_password]", { top }).secrets, ["db_password"]);
});
