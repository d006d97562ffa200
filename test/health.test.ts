import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createCliFinder } from "../lib/agent/binary.ts";
import type { Credential } from "../lib/credentials.ts";
import { createHealth } from "../lib/health.ts";
import { createPodman } from "../lib/podman/podman.ts";
import { configOf, openStores, standIn, tempFolder, writeFiles } from "./harness.ts";

type Options = { script?: string; credential?: () => Credential | undefined; cli?: boolean };

/** Health of a machine where all is well unless a test says otherwise; it counts how often Podman is asked. */
const openHealth = (t: TestContext, { script = "echo 5.0", cli = true, ...options }: Options = {}) => {
  const folder = tempFolder(t);
  writeFiles(folder, { claude: "" });
  const { db } = openStores(t);
  const clock = { now: 0, draining: false };
  let asked = 0;
  const podman = createPodman({ binary: standIn(t, script), env: { PATH: process.env["PATH"] ?? "" } });
  const health = createHealth({
    podman: { ...podman, output: (...call) => (asked++, podman.output(...call)) },
    db,
    cli: createCliFinder(configOf({ claude: { binary: join(folder, cli ? "claude" : "none") } })),
    credential: options.credential ?? (() => ({ kind: "api_key", value: "sk-secret" })),
    warnings: () => [],
    isDraining: () => clock.draining,
    now: () => clock.now,
  });
  return { health, clock, db, asked: () => asked };
};

const ok = (name: string) => ({ name, status: "ok" });

test("where all is well every component is", async (t) => {
  assert.deepEqual(await openHealth(t).health.components(), [ok("podman"), ok("database"), ok("claude")]);
});

test("a Podman that fails is told with its own words", async (t) => {
  const [podman] = await openHealth(t, { script: "echo 'Error: broken' >&2; exit 125" }).health.components();
  assert.deepEqual(podman, { name: "podman", status: "error", error: "podman version failed: broken" });
});

test("a database that fails is told", async (t) => {
  const { health, db } = openHealth(t);
  db.close();
  assert.equal((await health.components())[1]?.status, "error");
});

test("a CLI that is missing is told with what to do", async (t) => {
  assert.match((await openHealth(t, { cli: false }).health.components())[2]?.error ?? "", /npm ci/);
});

test("missing credentials are told with what to do", async (t) => {
  const { health } = openHealth(t, { credential: () => undefined });
  assert.match((await health.components())[2]?.error ?? "", /stromboli login/);
});

const unreadable = () => {
  throw new Error("unreadable");
};

test("credentials that cannot be read are told and throw nothing", async (t) => {
  assert.equal((await openHealth(t, { credential: unreadable }).health.components())[2]?.error, "unreadable");
});

test("for five seconds the same answer is given, to all who ask at once too", async (t) => {
  const { health, clock, asked } = openHealth(t);
  await Promise.all([health.components(), health.components()]);
  clock.now = 4999;
  await health.components();
  assert.equal(asked(), 1);
  clock.now = 5000;
  await health.components();
  assert.equal(asked(), 2);
});

test("a database that cannot be written to is told, though it can be read", async (t) => {
  const { health, db } = openHealth(t);
  db.pragma("query_only = on");
  const [, database] = await health.components();
  assert.deepEqual([database?.status, database?.error], ["error", "attempt to write a readonly database"]);
});

test("a daemon that is about to end says so at once", (t) => {
  const { health, clock } = openHealth(t);
  const before = health.isDraining();
  clock.draining = true;
  assert.deepEqual([before, health.isDraining()], [false, true]);
});
