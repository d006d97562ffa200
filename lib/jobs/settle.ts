import { chmod } from "node:fs/promises";
import { outcomeOf, outcomeOfResult, totalUsage } from "../agent/result.ts";
import type { Containers } from "../podman/containers.ts";
import { kernelSawOom } from "../podman/kernel-log.ts";
import type { Outcome, RunResponse, Timings, Usage } from "../schema/job.ts";
import type { Sessions } from "../sessions.ts";
import type { ApiRequestStore } from "../store/api-requests.ts";
import type { Db } from "../store/database.ts";
import type { Ending, Job, JobStore } from "../store/jobs.ts";
import type { SessionStore } from "../store/sessions.ts";
import type { JobFolder } from "./folder.ts";
import { noOutput, summarize, tailOf, type Summary } from "./output.ts";
import { errorOf, reportOf } from "./report.ts";

export type SettleDeps = {
  db: Db;
  jobs: JobStore;
  sessions: Sessions;
  sessionStore: SessionStore;
  requests: ApiRequestStore;
  containers: Containers;
  now: () => number;
};

type End = { exitCode: number | undefined; endedAt: number; folder: JobFolder };

/** Closes the row of a job whose container has ended, and says how it ended. Runs again harmlessly after a crash. */
export const settle = async (deps: SettleDeps, job: Job, { exitCode, endedAt, folder }: End): Promise<RunResponse> => {
  const summary = await readOutput(folder);
  const outcome = await findOutcome(deps, job, { exitCode, summary });
  const ending: Ending = {
    outcome,
    exitCode: exitCode ?? null,
    error: errorOf(outcome, summary, exitCode ?? null),
    numTurns: summary.result?.num_turns ?? null,
    usage: findUsage(deps, job, summary),
    timings: timingsOf(job, { endedAt, firstTokenAt: deps.requests.firstTokenAt(job.id) }),
    endedAt,
  };
  if (!deps.sessionStore.find(job.sessionId)) await deps.sessions.setAside(job.sessionId, job.id); // before the id is free
  deps.db.transaction(() => {
    if (!deps.jobs.ended(job.id, ending)) return;
    deps.sessionStore.used(job.sessionId, endedAt, ending.usage?.estimated_cost_usd ?? 0);
  })();
  return reportOf(job, { ending, summary, outputPath: folder.output });
};

/** The agent can reach the files it writes to: what it made unreadable is made readable, and else counts as nothing. */
const readOutput = async (folder: JobFolder): Promise<Summary> => {
  const files = [folder.output, folder.stderr];
  await Promise.all(files.map((path) => chmod(path, 0o600).catch(() => {})));
  const summary = await summarize(folder.output).catch(unlessBroken);
  // An agent that died before it said anything may have said why on stderr.
  if (summary.result || summary.text !== "") return summary;
  return { ...summary, text: await tailOf(folder.stderr).catch(() => "") };
};

const unlessBroken = (error: unknown): Summary => {
  if (error instanceof Error && "code" in error && ["EACCES", "ENOENT", "EPERM"].includes(String(error.code)))
    return noOutput;
  throw error;
};

/** Without an exit code the container is gone; what it wrote before may still be a result. */
const findOutcome = async (
  { containers }: SettleDeps,
  job: Job,
  { exitCode, summary: { result } }: { exitCode: number | undefined; summary: Summary },
): Promise<Outcome> => {
  const { stopReason } = job;
  if (exitCode === undefined) return stopReason ?? (result ? outcomeOfResult(result) : "lost");
  const container = exitCode === 0 ? undefined : await containers.inspect(job.container).catch(() => undefined);
  const oomKilled =
    container !== undefined && (container.oomKilled || (exitCode === 137 && kernelSawOom(container.id)));
  return outcomeOf({ exitCode, oomKilled, stopReason, result });
};

/** The CLI's own count; where it was killed before it could give one, what the broker saw pass. */
const findUsage = ({ requests }: SettleDeps, job: Job, { result, counts, model }: Summary): Usage | null => {
  if (result) return totalUsage(model, job.request.demo ? { ...counts, estimated_cost_usd: 0 } : counts);
  const seen = requests.totals(job.id);
  if (!seen) return null;
  return totalUsage(seen.model, {
    input_tokens: seen.input,
    output_tokens: seen.output,
    cache_creation_input_tokens: seen.created,
    cache_read_input_tokens: seen.read,
    estimated_cost_usd: 0,
  });
};

const timingsOf = (
  { createdAt, startedAt }: Job,
  { endedAt, firstTokenAt }: { endedAt: number; firstTokenAt: number | null },
): Timings => {
  const began = startedAt ?? endedAt;
  return {
    queue: 0,
    create: Math.max(0, began - createdAt),
    hooks: 0,
    agent: Math.max(0, endedAt - began),
    first_token: firstTokenAt === null ? null : Math.max(0, firstTokenAt - began),
  };
};
