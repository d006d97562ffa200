import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { execa } from "execa";
import type { CommandResult } from "../e2e/run-each.ts";
import { listen } from "./harness.ts";

const evil = "\u001b]0;owned\u0007\u001b[2J\u009b31m\u007f\r\b";
const id = `job-${evil}`;
const at = "2026-01-01T00:00:00.000Z";

/** Something of all that a daemon answers with, and each text in it would rule the terminal. */
const body = JSON.stringify({
  id,
  job_id: id,
  session_id: evil,
  name: evil,
  token: evil,
  version: evil,
  status: evil,
  outcome: evil,
  error: evil,
  output: evil,
  components: [{ name: evil, status: evil, error: evil }],
  image: { reference: evil },
  title: evil,
  created_at: at,
  started_at: at,
  ended_at: at,
  jobs: [
    {
      id,
      status: evil,
      model: evil,
      memory_bytes: null,
      phase: evil,
      title: evil,
      created_at: at,
      started_at: at,
      ended_at: at,
      image: { reference: evil },
    },
  ],
  sessions: [evil],
  bytes: 1,
  ok: true,
  at,
  by: evil,
  rows: [{ key: evil, runs: 1, total_tokens: 1, estimated_cost_usd: 1 }],
  total: { runs: 1, total_tokens: 1, estimated_cost_usd: 1 },
  pending: 1,
  entries: [{ at: evil, caller: evil, decision: evil, code: evil, source: evil, target: evil, action: evil }],
  head: evil,
  images: [{ repository: evil, tag: evil, libc: evil, size: 1, created: at, rank_description: evil, tools: [evil] }],
  results: [{ index: evil, name: evil, description: evil, stars: 1, official: true }],
  compatible: true,
  rank_description: evil,
  tools: [evil],
  secrets: [{ name: evil, created_at: at }],
  tokens: [{ name: evil, scopes: [evil], secrets: [evil], created_at: at, expires_at: evil }],
  deliveries: [{ id: evil, status: "failed", attempts: 1, created_at: at, last_error: evil, job_id: id, url: evil }],
});
const refusal = JSON.stringify({ error: evil, code: "invalid_request", request_id: evil });

const oneByOne = join(import.meta.dirname, "../e2e/one-by-one.ts");

/** What commands write while a daemon answers everything with the same. */
const written = async (t: TestContext, lines: readonly (readonly string[])[], { status, body: text }: Answer) => {
  const { socketPath, folder } = await listen(t, ({ url }, response) => {
    if (url !== "/healthz") response.writeHead(status, { "content-type": "application/json" });
    response.end(url === "/healthz" ? "{}" : text);
  });
  const env = { STROMBOLI_HOST: `unix://${socketPath}`, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder };
  const input = JSON.stringify(lines.map((args) => ({ args })));
  const { stdout } = await execa(process.execPath, [oneByOne], { env, input, timeout: 60_000 });
  return JSON.parse(stdout) as CommandResult[];
};

type Answer = { status: number; body: string };

/** Those that wrote nothing, and those that wrote what rules a terminal. */
const unfit = (results: readonly CommandResult[], lines: readonly (readonly string[])[]) =>
  results.flatMap(({ stdout, stderr }, index) =>
    stdout + stderr === "" || raw.test(stdout + stderr) ? [[lines[index], stdout, stderr]] : [],
  );

const raw = /[^\P{Cc}\n\t]/u;

const commands = [
  ["ps", "--all"],
  ["ps", "--quiet"],
  ["ps", "--json"],
  ["inspect", "job-0123456789abcdef"],
  ["cancel", "job-0123456789abcdef"],
  ["run", "--detach", "hi"],
  ["run", "--detach", "--json", "hi"],
  ["run", "--dry-run", "hi"],
  ["status"],
  ["status", "--json"],
  ["version"],
  ["audit"],
  ["audit", "--json"],
  ["audit", "verify"],
  ["stats"],
  ["stats", "--json"],
  ["usage"],
  ["usage", "--json"],
  ["secrets"],
  ["secrets", "create", "x"],
  ["secrets", "rm", "x"],
  ["token"],
  ["token", "create", "--name", "x", "--scope", "run"],
  ["token", "revoke", "x"],
  ["webhooks"],
  ["webhooks", "redeliver", "x"],
  ["prune", "--json"],
  ["images"],
  ["images", "ls", "--json"],
  ["images", "inspect", "x"],
  ["images", "check", "x"],
  ["images", "search", "x"],
  ["images", "search", "x", "--json"],
];

/** These would wait for an end that this daemon never tells. */
const following = [
  ["wait", "job-01"],
  ["attach", "job-01"],
  ["logs", "job-01"],
];

const typed = [
  [evil],
  ["ps", `--${evil}`],
  ["ps", "--status", evil],
  ["run", evil, "--memory", evil],
  ["inspect", evil],
  ["logs", "--after", evil, "job-01"],
  ["secrets", "create", evil],
  ["audit", "--decision", evil],
  ["daemon", evil],
  ["daemon", "--set", evil],
  ["daemon", "--config", `/nowhere/${evil}`],
];

for (const { title, lines, answer } of [
  { title: "what a daemon answers", lines: commands, answer: { status: 200, body } },
  { title: "what a daemon refuses", lines: [...commands, ...following], answer: { status: 400, body: refusal } },
  { title: "what somebody else answers", lines: [...commands, ...following], answer: { status: 502, body: evil } },
  { title: "what was typed", lines: typed, answer: { status: 400, body: refusal } },
]) {
  test(`${title} does not rule the terminal`, async (t) => {
    const results = await written(t, lines, answer);
    assert.deepEqual([results.length, unfit(results, lines)], [lines.length, []]);
  });
}
