import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentPlan } from "../../lib/compose/plan.ts";
import { configOf } from "../harness.ts";
import { planOf } from "./stack.ts";

const stack = `
services:
  web:
    image: python
    command: [serve]
    user: "0"
    environment: {A: $A}
    networks: {front: {aliases: [www, web]}, back: }
    volumes: ["./src:/workspace", "files:/files:ro"]
    working_dir: /workspace
    healthcheck: {test: "true"}
  db:
    image: postgres
    networks: [back]
    volumes: ["rows:/rows"]
networks: {unused: , back: {internal: true}, front: {driver: bridge}}
volumes: {rows: , unused: , files: }
`;

test("the agent has of its service what says where it runs, and with what", () => {
  const { agent } = planOf(stack, { service: "web", variables: { A: "x" } });
  const expected: Omit<AgentPlan, "volumes"> = {
    service: "web",
    images: ["localhost/python:latest", "docker.io/library/python:latest"],
    environment: { A: "x" },
    networks: [
      { name: "front", aliases: ["web", "www"] },
      { name: "back", aliases: ["web"] },
    ],
    needs: [],
    named: [{ name: "files", target: "/files", readOnly: true }],
    workdir: "/workspace",
  };
  const { volumes, ...rest } = agent;
  assert.deepEqual(rest, expected);
  assert.deepEqual(
    volumes.map(({ source, target }) => [source, target]),
    [["/data/app/src", "/workspace"]],
  );
});

test("networks and volumes are made where something uses them", () => {
  const { networks, volumes } = planOf(stack, { service: "web", variables: { A: "x" } });
  assert.deepEqual(
    [networks, volumes],
    [
      ["back", "front"],
      ["rows", "files"],
    ],
  );
});

test("without a service the agent has nothing of the file but all networks that are used", () => {
  const { agent } = planOf(stack, { variables: { A: "x" } });
  assert.deepEqual(agent, {
    service: undefined,
    images: undefined,
    environment: {},
    networks: [
      { name: "front", aliases: [] },
      { name: "back", aliases: [] },
    ],
    needs: [
      { service: "web", until: "healthy" },
      { service: "db", until: "healthy" },
    ],
    volumes: [],
    named: [],
    workdir: undefined,
  });
});

test("a service that names no network is in the one called default", () => {
  const { networks } = planOf("services: {a: {image: x}, b: {image: x, networks: [c]}}\nnetworks: {c: , default: }");
  assert.deepEqual(networks, ["default", "c"]);
});

test("a file may have the agent's service alone", () => {
  const plan = planOf("services: {a: {image: x}}", { service: "a" });
  assert.deepEqual([plan.services, plan.networks, plan.agent.images?.length], [[], ["default"], 2]);
});

for (const name of ["PATH", "LD_PRELOAD", "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "NODE_OPTIONS", "HOME"]) {
  test(`the agent's service may not set ${name}`, () => {
    assert.throws(() => planOf(`services: {a: {image: x, environment: {${name}: y}}}`, { service: "a" }), {
      code: "compose_invalid",
      message: new RegExp(`^services\\.a\\.environment\\.${name}: .* is reserved; use another name`),
    });
    assert.throws(
      () => planOf("services: {a: {image: x, env_file: [a.env]}}", { service: "a", readText: () => `${name}=y` }),
      { code: "compose_invalid" },
    );
  });
}

test("the agent's service is checked in all that is not used of it", () => {
  assert.throws(() => planOf("services: {a: {image: x, ports: [8080:80]}}", { service: "a" }), /services\.a\.ports/);
  assert.throws(() => planOf("services: {a: {image: x, privileged: true}}", { service: "a" }), /a\.privileged/);
  assert.throws(
    () => planOf("services: {a: {image: x, working_dir: /usr/src/app}}", { service: "a" }),
    /a\.working_dir/,
  );
});

test("an image that policy does not allow is refused, naming the service", () => {
  const config = configOf({ policy: { images: ["docker.io/library/postgres:16"] } });
  assert.equal(planOf("services: {a: {image: 'postgres:16'}}", { config }).services.length, 1);
  assert.throws(() => planOf("services: {a: {image: 'postgres:17'}}", { config }), {
    code: "image_not_allowed",
    message: /^services\.a\.image: image postgres:17 is not allowed here; see policy\.images/,
  });
});

for (const image of ["-v", "Postgres", "a b", "docker://x", "x:tag:tag", "--privileged", "a@sha256:12"]) {
  test(`${image} is no image`, () => {
    assert.throws(() => planOf(`services: {a: {image: '${image}'}}`), {
      code: /^(compose_invalid|image_not_allowed)$/,
      message: /^services\.a\.image: /,
    });
  });
}

const ceilings = configOf({
  defaults: { memory: "128m", cpus: "0.5", pids: 64 },
  policy: { max_memory: "256m", max_cpus: "1", max_pids: 100 },
});

for (const keys of [
  "mem_limit: 257m",
  "cpus: 1.001",
  "pids_limit: 101",
  "deploy: {resources: {limits: {memory: 1g}}}",
]) {
  test(`a service may not go above a ceiling: ${keys}`, () => {
    assert.throws(() => planOf(`services: {a: {image: x, ${keys}}}`, { config: ceilings }), {
      code: "limit_exceeded",
      message: /^services\.a\.\w+: .* is above policy\.max_\w+, which is \w+; ask for less, or raise the ceiling$/,
    });
  });
}

test("a service that names no limits has the configuration's", () => {
  const { services } = planOf("services: {a: {image: x, mem_limit: 256m, cpus: 1}, b: {image: x}}", {
    config: ceilings,
  });
  assert.deepEqual(
    services.map(({ limits }) => limits),
    [
      { memoryBytes: 268_435_456, cpus: "1", pids: 64 },
      { memoryBytes: 134_217_728, cpus: "0.5", pids: 64 },
    ],
  );
});
