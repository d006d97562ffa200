import type { Stats } from "../../lib/schema/stats.ts";
import type { UsageReport } from "../../lib/schema/usage.ts";
import { jobId, sessionId } from "./examples.ts";

/** What the document shows of answers in figures. */
const at = "2026-01-31T12:00:09.120Z";

const tokens = {
  input_tokens: 10,
  output_tokens: 5210,
  cache_creation_input_tokens: 15_204,
  cache_read_input_tokens: 288_112,
  total_tokens: 308_536,
};

const used = { runs: 3, ...tokens, estimated_cost_usd: 0.31 };

export const usageReport: UsageReport = {
  by: "model",
  since: null,
  until: at,
  rows: [{ key: "claude-opus-5-5", ...used }],
  total: used,
};

export const stats: Stats = {
  at,
  pending: 2,
  jobs: [
    {
      id: jobId,
      title: "Run the tests and fix what fails",
      session_id: sessionId,
      caller: "ci",
      phase: "running",
      started_at: at,
      cpu_ms: 4210,
      memory_bytes: 268_435_456,
      memory_limit_bytes: 536_870_912,
      model: "claude-opus-5-5",
      ...tokens,
    },
  ],
};
