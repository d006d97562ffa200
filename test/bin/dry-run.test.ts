import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, tryOut } from "../../bin/dry-run.ts";
import { answering, json } from "./harness.ts";

const plan = {
  image: { reference: "localhost/stromboli-agent:latest", id: "1", digest: "sha256:2" },
  pull: false,
  user: "1000:1000",
  workdir: "/workspace",
  read_only: true,
  network: "none" as const,
  volumes: [
    { source: "/data/a", target: "/workspace", read_only: false, missing: true },
    { source: "/data/b", target: "/b", read_only: true, missing: false },
  ],
  services: [{ name: "db", image: "docker.io/library/redis:7", networks: ["default"], memory_bytes: 268_435_456 }],
  hooks: [
    { name: "on_create_command", commands: ["pip install -r requirements.txt", "make\nall"] },
    { name: "post_start", commands: ["redis-server &"] },
  ],
  env: ["CI"],
  secrets: [{ variable: "GH_TOKEN", name: "github" }],
  limits: { memory_bytes: 536_870_912, cpus: "0.5", cpu_shares: 512, pids: 99, timeout_ms: 90_000 },
};

test("a plan is printed in lines of a name and a value", () => {
  assert.deepEqual(describe(plan).split("\n"), [
    "image       localhost/stromboli-agent:latest",
    "digest      sha256:2",
    "user        1000:1000",
    "workdir     /workspace",
    "root        read-only",
    "network     none",
    "memory      512 MiB",
    "cpus        0.5",
    "cpu shares  512",
    "pids        99",
    "timeout     1 min 30 s",
    "volume      /data/a at /workspace, to be made",
    "volume      /data/b at /b, read-only",
    "service     db: docker.io/library/redis:7, 256 MiB, on default",
    "hook        on_create_command: pip install -r requirements.txt",
    "hook        on_create_command: make…",
    "hook        post_start: redis-server &",
    "env         CI",
    "env         GH_TOKEN, from the secret github",
  ]);
});

test("a refusal has the exit code that the run would have had", async (t) => {
  const refusal = { code: "limit_exceeded", error: "memory 9g is too much", status: 403 };
  const { client, requests } = await answering(t, {
    "POST /run": (_, response) => json(response, { allowed: false, refusal }),
  });
  await assert.rejects(tryOut(client, { prompt: "hi" }, { json: false }), {
    exitCode: 77,
    message: "it would be refused: memory 9g is too much",
  });
  assert.deepEqual(
    requests.map(({ path }) => path),
    ["/run?dry_run=true"],
  );
});
