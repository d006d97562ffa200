import assert from "node:assert/strict";
import { test } from "node:test";
import { configOf } from "../harness.ts";
import { planOf, serviceOf } from "./stack.ts";

test("a service that says no more than its image gets the configuration's defaults", () => {
  assert.deepEqual(serviceOf(""), {
    name: "db",
    images: ["localhost/db:latest", "docker.io/library/db:latest"],
    command: undefined,
    entrypoint: undefined,
    environment: {},
    networks: [{ name: "default", aliases: ["db"] }],
    needs: [],
    health: undefined,
    volumes: [],
    named: [],
    tmpfs: [],
    workdir: undefined,
    user: undefined,
    hostname: undefined,
    stopSignal: undefined,
    init: false,
    readOnly: false,
    restarts: false,
    capDrop: [],
    limits: { memoryBytes: 536_870_912, cpus: "1", pids: 512 },
    shmBytes: undefined,
    ports: [],
    secrets: [],
  });
});

test("a service that is not in the file is refused, naming those that are", () => {
  assert.throws(() => planOf("services: {db: {image: db}, web: {image: web}}", { service: "wbe" }), {
    code: "compose_invalid",
    message: /^services: there is no service wbe; the file has db, web/,
  });
});

test("where policy allows no writable root, no service has one", () => {
  const config = configOf({ policy: { writable_root: false } });
  assert.equal(planOf("services: {db: {image: db}}", { config }).services[0]?.readOnly, true);
});
