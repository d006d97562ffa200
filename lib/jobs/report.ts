import { isCommand, statusOf, type ResultLine } from "../agent/result.ts";
import { withoutUndefined } from "../given.ts";
import type { OutputFormat } from "../schema/claude.ts";
import type { CrashInfo, Outcome, RunResponse } from "../schema/job.ts";
import type { Ending, Job } from "../store/jobs.ts";
import { linesOf, type Summary } from "./output.ts";

type Ended = { ending: Ending; summary: Summary; outputPath: string };

/** What the caller gets for a job that has ended: a view over its row and its output file. */
export const reportOf = async (job: Job, ended: Ended): Promise<RunResponse> => {
  const { ending, summary } = ended;
  const { result } = summary;
  return {
    id: job.id,
    status: statusOf(ending.outcome),
    outcome: ending.outcome,
    output: await outputOf(job, ended),
    session_id: job.sessionId,
    exit_code: ending.exitCode,
    num_turns: result?.num_turns ?? 0,
    queued_at: timeOf(job.createdAt),
    started_at: job.startedAt === null ? null : timeOf(job.startedAt),
    ended_at: timeOf(ending.endedAt),
    timings_ms: ending.timings,
    image: job.image,
    labels: job.request.labels ?? {},
    ...withoutUndefined({
      structured_output: result?.structured_output,
      error: ending.error ?? undefined,
      usage: ending.usage ?? undefined,
      crash_info: result ? undefined : crashOf(ending, summary),
    }),
  };
};

/** Why a run did not succeed, in one sentence; null when it did. */
export const errorOf = (outcome: Outcome, { result }: Summary, exitCode: number | null): string | null => {
  if (outcome === "succeeded") return null;
  if (outcome === "agent_error" && !result)
    return `the agent ended with exit code ${exitCode} and without a result; crash_info.partial_output has its last words`;
  if (outcome === "agent_error" || outcome === "api_error") return wordsOf(result) || sentences[outcome];
  return sentences[outcome];
};

/** What the CLI says of its own failure. */
const wordsOf = (result: ResultLine | undefined): string | undefined => {
  if (!result) return undefined;
  return isCommand(result) ? tookCommand : (result.result ?? result.errors.join("; "));
};

const sentences: Record<Exclude<Outcome, "succeeded">, string> = {
  agent_error: "the agent ended with an error",
  api_error: "the model API refused",
  max_turns: "the agent used up claude.max_turns",
  budget: "the agent used up claude.max_budget_usd",
  timed_out: "the run took longer than podman.timeout and was ended",
  oom_killed: "the agent used more memory than podman.memory allows and was killed",
  killed: "the agent was killed from outside",
  cancelled: "the run was cancelled",
  hook_failed: "a lifecycle hook failed",
  start_failed: "the container could not be started",
  lost: "the container vanished before the run ended",
};

const tookCommand =
  "the CLI took the prompt as one of its commands and did not ask the model; set claude.disable_slash_commands, or begin it with a space";

/** The answer in the shape that was asked for; without a result, the end of what the agent said. */
const outputOf = async ({ request }: Job, { summary, outputPath }: Ended): Promise<string> => {
  const { result, resultLine, text } = summary;
  const format: OutputFormat = request.claude?.output_format ?? "text";
  if (format === "stream-json") return rawOutput(outputPath);
  return format === "json" ? resultLine : (result?.result ?? text.trimEnd());
};

const longestAnswer = 64 * 1024 * 1024;

/** The CLI's lines, as far as they fit into an answer; an agent could have written any number of them. */
const rawOutput = async (path: string): Promise<string> => {
  const lines: string[] = [];
  for await (const line of linesOf(path, { end: longestAnswer })) {
    lines.push(line);
  }
  return lines.join("\n");
};

const crashOf = ({ outcome, exitCode, error }: Ending, { text }: Summary): CrashInfo => ({
  exit_code: exitCode ?? -1,
  ...(exitCode !== null && exitCode > 128 && exitCode < 160 && { signal: signalName(exitCode - 128) }),
  reason: error ?? outcome,
  partial_output: text,
  task_completed: false,
});

const signalNames: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  6: "SIGABRT",
  9: "SIGKILL",
  11: "SIGSEGV",
  15: "SIGTERM",
};
const signalName = (number: number): string => signalNames[number] ?? `signal ${number}`;

const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();
