import { isCommand, statusOf } from "../agent/result.ts";
import type { OutputFormat } from "../schema/claude.ts";
import type { CrashInfo, Outcome, RunResponse } from "../schema/job.ts";
import type { Ending, Job } from "../store/jobs.ts";
import { linesOf, type Summary } from "./output.ts";

/** What the caller gets for a job that has ended: a view over its row and its output file. */
export const reportOf = async (
  job: Job,
  { ending, summary, outputPath }: { ending: Ending; summary: Summary; outputPath: string },
): Promise<RunResponse> => {
  const { result } = summary;
  const format = job.request.claude?.output_format ?? "text";
  return {
    id: job.id,
    status: statusOf(ending.outcome),
    outcome: ending.outcome,
    output:
      format === "stream-json" ? (await Array.fromAsync(linesOf(outputPath))).join("\n") : outputOf(summary, format),
    ...(result?.structured_output !== undefined && { structured_output: result.structured_output }),
    ...(ending.error !== null && { error: ending.error }),
    session_id: job.sessionId,
    exit_code: ending.exitCode,
    num_turns: result?.num_turns ?? 0,
    queued_at: timeOf(job.createdAt),
    started_at: job.startedAt === null ? null : timeOf(job.startedAt),
    ended_at: timeOf(ending.endedAt),
    timings_ms: ending.timings,
    image: job.image,
    labels: job.request.labels ?? {},
    ...(ending.usage !== null && { usage: ending.usage }),
    ...(!result && { crash_info: crashOf(ending, summary) }),
  };
};

/** Why a run did not succeed, in one sentence; null when it did. What the model API said comes with it, output does not. */
export const errorOf = (outcome: Outcome, { result }: Summary, exitCode: number | null): string | null => {
  const said = result && isCommand(result) ? tookCommand : (result?.result ?? result?.errors.join("; "));
  const sentences: Record<Outcome, string | null> = {
    succeeded: null,
    agent_error: result
      ? (said ?? "the agent ended with an error")
      : `the agent ended with exit code ${exitCode} and without a result; its stderr log says more`,
    api_error: said ?? "the model API refused",
    max_turns: said ?? "the agent used up claude.max_turns",
    budget: said ?? "the agent used up claude.max_budget_usd",
    timed_out: "the run took longer than podman.timeout and was ended",
    oom_killed: "the agent used more memory than podman.memory allows and was killed",
    killed: `the agent was killed from outside, exit code ${exitCode}`,
    cancelled: "the run was cancelled",
    hook_failed: "a lifecycle hook failed",
    start_failed: "the container could not be started",
    lost: "the container vanished before the run ended",
  };
  return sentences[outcome];
};

const tookCommand =
  "the CLI took the prompt as one of its commands and did not ask the model; set claude.disable_slash_commands, or begin it with a space";

const outputOf = ({ result, resultLine, text }: Summary, format: OutputFormat): string => {
  if (format === "json") return resultLine;
  return (
    result?.result ??
    (result?.structured_output === undefined ? text.trimEnd() : JSON.stringify(result.structured_output))
  );
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
