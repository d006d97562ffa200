import { stat } from "node:fs/promises";
import { isCommand, parseResult, statusOf, type ResultLine } from "../agent/result.ts";
import { unlessMissing } from "../errors.ts";
import { withoutUndefined } from "../given.ts";
import type { HookFailure } from "../hooks/failure.ts";
import type { CrashInfo, JobResponse, Outcome, RunResponse } from "../schema/job.ts";
import type { Ending, Job, Place } from "../store/job-rows.ts";
import type { JobFolder } from "./folder.ts";
import { textAt, type Summary } from "./output.ts";
import { timingsOf } from "./timings.ts";

/** `longest`: an answer of more bytes is left out, and the report says so. */
type Options = { folder: JobFolder; longest?: number };
export type EndedJob = Job & { ending: Ending };

const longestAnswer = 16 * 1024 * 1024;

/** What a run came to: a view over its row and its output file, the same whenever it is asked for. */
export const runReport = async (job: EndedJob, { folder, longest = longestAnswer }: Options): Promise<RunResponse> => {
  const { ending } = job;
  const { result: place } = ending;
  const line = place && place.end - place.start <= longest ? await lineAt(folder, place) : undefined;
  const result = line === undefined ? undefined : parseResult(line);
  return {
    id: job.id,
    status: statusOf(ending.outcome),
    outcome: ending.outcome,
    ...(await answerOf(job, { line, result, folder, longest })),
    ...commonOf(job),
    exit_code: ending.exitCode,
    num_turns: ending.numTurns ?? 0,
    ended_at: timeOf(ending.endedAt),
    timings_ms: ending.timings,
    ...withoutUndefined({
      structured_output: result?.structured_output,
      error: ending.error ?? undefined,
      usage: ending.usage ?? undefined,
      crash_info: hasCrashed(job) ? crashOf(ending) : undefined,
    }),
  };
};

/** A job as it stands. */
export const jobReport = async (job: Job, options: Options): Promise<JobResponse> => ({
  ...(isEnded(job) ? await runReport(job, options) : openReport(job)),
  title: job.title,
  priority: job.priority,
  ...withoutUndefined({ webhook_url: job.webhookUrl ?? undefined }),
  created_at: timeOf(job.createdAt),
  updated_at: timeOf(job.updatedAt),
});

export const isEnded = (job: Job): job is EndedJob => job.ending !== null;

const commonOf = (job: Job) => ({
  session_id: job.sessionId,
  queued_at: timeOf(job.createdAt),
  started_at: job.startedAt === null ? null : timeOf(job.startedAt),
  image: job.image,
  labels: job.labels,
});

const openReport = (job: Job) => ({
  id: job.id,
  status: job.state === "pending" ? ("pending" as const) : ("running" as const),
  ...withoutUndefined({ phase: phaseOf(job) }),
  output: "",
  ...commonOf(job),
  exit_code: null,
  num_turns: 0,
  ended_at: null,
  timings_ms: timingsOf(job, {
    endedAt: job.startedAt ?? job.claimedAt ?? job.createdAt, // as far as it has come
    hooks: undefined,
    firstTokenAt: null,
  }),
});

/** What a job that has not ended is at. */
export const phaseOf = ({ state, image }: Job): JobResponse["phase"] => {
  if (state === "starting" && image.id === "") return "pulling";
  return state === "ended" ? undefined : state;
};

/** The line of the result; nothing when somebody has removed the file. */
const lineAt = ({ output }: JobFolder, place: Place): Promise<string | undefined> =>
  textAt(output, place).catch(unlessMissing);

/** The line of the result, and what it says. */
type Found = { line: string | undefined; result: ResultLine | undefined };
type Answer = { output: string; output_truncated?: true };

/** The answer in the shape that was asked for; without a result, the end of what the agent said. */
const answerOf = async (
  job: EndedJob,
  { line, result, folder, longest }: Required<Options> & Found,
): Promise<Answer> => {
  const { ending, outputFormat, startedAt } = job;
  if (outputFormat === "stream-json") return startedAt === null ? { output: "" } : rawAnswer(folder.output, longest);
  if (ending.result && line === undefined) return { output: "", output_truncated: true };
  if (outputFormat === "json") return { output: line ?? "" };
  return { output: result?.result ?? ending.partialOutput.trimEnd() };
};

const rawAnswer = async (path: string, longest: number): Promise<Answer> => {
  const found = await stat(path).catch(unlessMissing);
  if (!found || found.size > longest) return { output: "", output_truncated: true };
  const text = await textAt(path, { start: 0, end: found.size });
  return { output: text.replaceAll(/\n{2,}/g, "\n").replaceAll(/^\n|\n$/g, "") }; // empty lines say nothing
};

const largestEvent = 1_000_000;

/** A job as the JSON of one event: at most 1 MiB, its answer left out where it is longer. */
export const shortJobReport = async (job: Job, folder: JobFolder): Promise<string> => {
  const report = await jobReport(job, { folder, longest: largestEvent });
  const told = JSON.stringify(report);
  if (Buffer.byteLength(told) <= largestEvent) return told;
  const { structured_output: _, ...rest } = report;
  return JSON.stringify({ ...rest, output: "", output_truncated: true } satisfies JobResponse);
};

/** `hooks`: where a run did not come past them. */
export type Words = Summary & { hooks?: Pick<HookFailure, "error" | "hook"> };

/** Why a run did not succeed, in one sentence; null when it did. */
export const errorOf = (outcome: Outcome, { result, hooks }: Words, exitCode: number | undefined): string | null => {
  if (outcome === "succeeded") return null;
  if (hooks) return errorOfHooks(outcome, hooks);
  if (outcome === "agent_error" && !result)
    return `the agent ended with exit code ${exitCode} and without a result; crash_info.partial_output has its last words`;
  if (outcome === "agent_error" || outcome === "api_error")
    return wordsOf(result)?.slice(0, longestError) || sentences[outcome];
  return sentences[outcome];
};

const errorOfHooks = (outcome: Exclude<Outcome, "succeeded">, { error, hook }: NonNullable<Words["hooks"]>): string => {
  if (outcome === "hook_failed" && error !== undefined) return error;
  return hook === undefined ? sentences[outcome] : duringHook(sentences[outcome], hook);
};

/** The agent has not begun: what is said of it is true of the hook. */
const duringHook = (sentence: string, hook: string): string =>
  sentence.startsWith("the agent ")
    ? sentence.replace("the agent", () => `the hook ${hook}`)
    : `${sentence}; the hook ${hook} was at work`;

const longestError = 2000;

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
  stalled: "the agent did nothing for jobs.stall_timeout and was ended",
  output_limit: "the agent wrote more than jobs.max_output and was ended",
  hook_failed: "a lifecycle hook failed",
  start_failed: "the container could not be started",
  lost: "the container vanished, or Podman lost sight of it, before the run ended",
};

const tookCommand =
  "the CLI took the prompt as one of its commands and did not ask the model; set claude.disable_slash_commands, or begin it with a space";

/** Whether an agent that ran was ended before it could give its answer. */
const hasCrashed = ({ ending, startedAt, stopReason }: EndedJob): boolean =>
  startedAt !== null &&
  ending.outcome !== "succeeded" &&
  (ending.result === null || (stopReason !== null && stopReason !== "finished"));

const crashOf = ({ outcome, exitCode, error, partialOutput }: Ending): CrashInfo => ({
  exit_code: exitCode ?? -1,
  ...(exitCode !== null && exitCode > 128 && exitCode < 160 && { signal: signalName(exitCode - 128) }),
  reason: error ?? outcome,
  partial_output: partialOutput,
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
