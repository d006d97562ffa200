import assert from "node:assert/strict";
import { test } from "node:test";
import { DryRun } from "../../lib/schema/dry-run.ts";
import { tempFolder } from "../harness.ts";
import { openApp } from "./harness.ts";

for (const path of ["/run", "/run/async", "/run/stream"]) {
  test(`${path}?dry_run=true tells the plan and makes no job`, async (t) => {
    const folder = tempFolder(t);
    const { post, views, submitted, sessionFolders } = openApp(t, { policy: { volumes: [folder] } });
    const podman = {
      image: "python",
      memory: "1g",
      env: { CI: "s3cret-value" },
      secrets_env: { GH: "github" },
      volumes: [`${folder}:/data:ro`],
      lifecycle: { post_start: ["make"] },
    };
    const { status, body } = await post(`${path}?dry_run=true`, { prompt: "hi", podman });
    const answer = DryRun.parse(body);
    assert.ok(answer.allowed && status === 200);
    assert.deepEqual(answer.plan, {
      image: { reference: "localhost/python:latest", id: "sha256:1", digest: "sha256:2" },
      pull: false,
      user: `${process.getuid?.()}:${process.getgid?.()}`,
      workdir: "/workspace",
      read_only: true,
      network: "full",
      volumes: [{ source: folder, target: "/data", read_only: true, missing: false }],
      services: [],
      hooks: [{ name: "post_start", commands: ["make"] }],
      env: ["CI"],
      secrets: [{ variable: "GH", name: "github" }],
      limits: { memory_bytes: 1_073_741_824, cpus: "1", pids: 512, timeout_ms: 1_800_000 },
    });
    assert.ok(!JSON.stringify(body).includes("s3cret-value"));
    assert.deepEqual([(await views.list({})).jobs, submitted, sessionFolders()], [[], [], []]);
  });
}

for (const [request, code, status] of [
  [{ podman: { memory: "2g" } }, "limit_exceeded", 403],
  [{ podman: { image: "ghcr.io/x/y" } }, "image_not_allowed", 403],
  [{ podman: { network: "none" } }, "network_not_allowed", 403],
  [{ podman: { volumes: ["/etc:/data"] } }, "volume_not_allowed", 403],
  [{ podman: { env: { LD_PRELOAD: "x" } } }, "invalid_request", 400],
  [{ claude: { resume: true, session_id: "0193b1c2-aaaa-4bbb-8ccc-0123456789ab" } }, "session_not_found", 404],
] as const) {
  test(`a dry run answers ${code} with 200, and a run is refused with the same`, async (t) => {
    const policy = { max_memory: "1g", images: ["python"], networks: ["full" as const] };
    const { post } = openApp(t, { policy });
    const dry = await post("/run?dry_run=true", { prompt: "hi", ...request });
    const run = await post("/run", { prompt: "hi", ...request });
    assert.deepEqual([run.status, run.body["code"]], [status, code]);
    const refusal = { code, error: run.body["error"], status };
    assert.deepEqual([dry.status, dry.body], [200, { allowed: false, refusal }]);
  });
}

test("a full queue refuses a dry run as well", async (t) => {
  const { post, start } = openApp(t, { ends: false, jobs: { max_running: 1, max_queued: 0 } });
  await start();
  const { body } = await post("/run?dry_run=true", { prompt: "hi" });
  assert.deepEqual([body["allowed"], (body["refusal"] as { code: string }).code], [false, "queue_full"]);
});

test("a request that does not fit its schema is 400 also when it is dry", async (t) => {
  const { post } = openApp(t);
  const { status, body } = await post("/run?dry_run=true", { promt: "hi" });
  assert.deepEqual([status, body["code"]], [400, "invalid_request"]);
});

for (const query of ["dryrun=true", "dry_run=yes", "dry_run", "dry_run=TRUE"]) {
  test(`a mistyped dry run runs nothing: ${query}`, async (t) => {
    const { post, submitted } = openApp(t);
    const { status } = await post(`/run?${query}`, { prompt: "hi" });
    assert.deepEqual([status, submitted], [400, []]);
  });
}

test("dry_run=false runs", async (t) => {
  const { post } = openApp(t);
  assert.equal((await post("/run?dry_run=false", { prompt: "hi" })).body["status"], "completed");
});
