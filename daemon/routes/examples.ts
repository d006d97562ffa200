import type { z } from "zod";
import type { AuditEntry } from "../../lib/schema/audit.ts";
import type { DryRun } from "../../lib/schema/dry-run.ts";
import type { Failure } from "../../lib/schema/failure.ts";
import type { Health } from "../../lib/schema/health.ts";
import type { Image, ImageSearch } from "../../lib/schema/image.ts";
import type { JobResponse, RunResponse } from "../../lib/schema/job.ts";
import type { RunRequest } from "../../lib/schema/run.ts";
import type { SessionDetail, SessionMessage } from "../../lib/schema/session.ts";
import type { Delivery } from "../../lib/schema/webhook.ts";

/** What the document shows of requests and answers. A test holds each against its schema. */
const [queued, started, ended] = ["2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00.020Z", "2026-01-31T12:00:09.120Z"];
export const sessionId = "0193b1c2-aaaa-4bbb-8ccc-0123456789ab";
export const jobId = "job-2f9c0b7e51d3a846";
const digest = "sha256:9f3b7f0e62a1c5d4b8e97a60c1d2e3f405162738495a6b7c8d9eaf0b1c2d3e4f";

export const failure = {
  invalid: {
    error: "podman.memory: must be a size such as 512m or 2g",
    code: "invalid_request",
    request_id: "1f0c7a52-6a0e-4a43-9d0c-0a4a3f9b7b11",
    details: [{ path: "podman.memory", message: "must be a size such as 512m or 2g" }],
  },
  missing: {
    error: `there is no job ${jobId}`,
    code: "job_not_found",
    request_id: "1f0c7a52-6a0e-4a43-9d0c-0a4a3f9b7b11",
    id: "",
    status: "error",
  },
} as const satisfies Record<string, Failure>;

export const health: z.output<typeof Health> = {
  status: "ok",
  name: "stromboli",
  version: "0.4.0",
  components: [
    { name: "podman", status: "ok" },
    { name: "database", status: "ok" },
    { name: "claude", status: "ok" },
  ],
};

export const runRequest: RunRequest = {
  prompt: "Run the tests and fix what fails",
  workdir: "/work",
  claude: { model: "sonnet", max_turns: 20 },
  podman: { image: "node:24", volumes: ["/home/me/project:/work"], memory: "2g", timeout: "30m" },
  labels: { repository: "project" },
};

export const runResponse: RunResponse = {
  id: "run-2f9c0b7e51d3a846",
  status: "completed",
  outcome: "succeeded",
  output: "All 42 tests pass now.",
  session_id: sessionId,
  exit_code: 0,
  num_turns: 7,
  queued_at: queued,
  started_at: started,
  ended_at: ended,
  timings_ms: { queue: 20, create: 700, hooks: 0, agent: 8400, first_token: 900 },
  image: { reference: "docker.io/library/node:24", id: digest, digest },
  labels: { repository: "project" },
  usage: {
    model: "claude-sonnet",
    input_tokens: 1200,
    output_tokens: 800,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 9000,
    total_tokens: 11_000,
    estimated_cost_usd: 0.0183,
  },
};

export const job: JobResponse = {
  ...runResponse,
  id: jobId,
  title: "Run the tests and fix what fails",
  priority: 0,
  created_at: queued,
  updated_at: ended,
};

export const dryRun: DryRun = {
  allowed: false,
  refusal: { code: "image_not_allowed", error: "image evil:1 is not on the allow list", status: 403 },
};

export const session: SessionDetail = {
  id: sessionId,
  title: "Run the tests and fix what fails",
  created_at: queued,
  last_used_at: ended,
  runs: 2,
  total_cost_usd: 0.0366,
  bytes: 183_500,
};

export const message: SessionMessage = {
  uuid: "5d0a3f1e-0c2b-4a55-9d6e-1b7c0f2a8e90",
  type: "assistant",
  session_id: sessionId,
  timestamp: ended,
  content: { role: "assistant", content: [{ type: "text", text: "All 42 tests pass now." }] },
};

export const secret = { id: "e1b0f7a4c2d39586", name: "github", created_at: queued };

export const image: Image = {
  id: digest,
  repository: "docker.io/library/node",
  tag: "24",
  size: 1_130_000_000,
  created: queued,
  description: "",
  compatible: true,
  compatibility_rank: 1,
  rank_description: "agents run, with bash and git",
  has_claude_cli: false,
  tools: ["bash", "git", "node"],
  digest,
  architecture: "amd64",
  libc: "glibc",
};

export const found: ImageSearch["results"][number] = {
  index: "docker.io",
  name: "docker.io/library/python",
  description: "Python is an interpreted language",
  stars: 9800,
  official: true,
  automated: false,
};

export const token = {
  name: "ci",
  scopes: ["read" as const, "run" as const],
  secrets: ["ci-*"],
  created_at: queued,
  expires_at: null,
};

export const tokenPair = {
  access_token: "eyJhbGciOiJIUzI1NiJ9…",
  refresh_token: "eyJhbGciOiJIUzI1NiJ9…",
  token_type: "bearer" as const,
  expires_in: 86_400,
};

export const delivery: Delivery = {
  id: "4be0643f-1d98-473b-97cd-ca98a65347dd",
  job_id: jobId,
  url: "https://example.com/hooks/stromboli",
  status: "delivered",
  attempts: 1,
  created_at: ended,
  next_attempt_at: null,
  last_attempt_at: ended,
  last_status_code: 204,
  last_error: null,
};

export const auditEntry: AuditEntry = {
  seq: 17,
  at: queued,
  caller: "ci",
  source: "10.0.0.7",
  action: "POST /run/async",
  target: jobId,
  decision: "allowed",
  code: null,
  request_id: "1f0c7a52-6a0e-4a43-9d0c-0a4a3f9b7b11",
  hash: "9f3b7f0e62a1c5d4b8e97a60c1d2e3f405162738495a6b7c8d9eaf0b1c2d3e4f",
};
