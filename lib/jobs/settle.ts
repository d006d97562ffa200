import { chmod, truncate } from "node:fs/promises";
import { outcomeOf, podmanKnowsNone, totalUsage } from "../agent/result.ts";
import type { Containers } from "../podman/containers.ts";
import { kernelSawOom } from "../podman/kernel-log.ts";
import { unlessMissing } from "../errors.ts";
import { hookFailure } from "../hooks/failure.ts";
import { planHooks } from "../hooks/plan.ts";
import { readHookState, type HookState } from "../hooks/state.ts";
import type { Outcome, Usage } from "../schema/job.ts";
import type { Sessions } from "../sessions.ts";
import type { ApiRequestStore } from "../store/api-requests.ts";
import type { Job } from "../store/job-rows.ts";
import type { StopReason } from "./state.ts";
import { close, type CloseDeps } from "./close.ts";
import { bytesOf, type JobFolder } from "./folder.ts";
import type { Source } from "./journal.ts";
import { noOutput, summarize, tailOf, type Summary } from "./output.ts";
import { errorOf, type Words } from "./report.ts";
import { timingsOf } from "./timings.ts";

export type SettleDeps = CloseDeps & {
  sessions: Sessions;
  requests: ApiRequestStore;
  containers: Containers;
};

/** `shown`: how much of the files has become events, in bytes. */
type End = {
  exitCode: number | undefined;
  endedAt: number;
  /** Why we have stopped it, if we have. */
  reason: StopReason | undefined;
  folder: JobFolder;
  shown: Record<Source, number>;
};

/** Closes the row of a job whose container has ended. Runs again harmlessly after a crash. */
export const settle = async (
  deps: SettleDeps,
  job: Job,
  { exitCode, endedAt, reason, folder, shown }: End,
): Promise<Outcome> => {
  const hooks = await readHookState(folder.hookState);
  const summary = await readWords(deps, job, { hooks, reason, folder });
  const oomKilled = await wasOomKilled(deps, job, exitCode);
  const cut = (job.stopReason ?? reason) === "output_limit";
  if (cut) await cutOff(folder, shown);
  if (!deps.sessionStore.find(job.sessionId)) await deps.sessions.setAside(job.sessionId, job.id); // before the id is free
  const bytes = await bytesOf(folder);

  if (reason) deps.jobs.stopping(job.id, reason, endedAt); // where it could not be written down before
  const { stopReason } = deps.jobs.progress(job.id) ?? job; // as late as can be: who was told that it is cancelled was told so
  const { result } = summary;
  const outcome = outcomeOf({
    exitCode,
    oomKilled,
    stopReason,
    timeUp: isTimeUp(job, endedAt),
    hookFailed: isToBlame(summary),
    result,
  });
  close(deps, job, {
    outcome,
    exitCode: shownCode(exitCode),
    error: errorOf(outcome, summary, exitCode),
    numTurns: result?.num_turns ?? null,
    usage: findUsage(deps, job, summary),
    timings: timingsOf(job, { endedAt, hooks, firstTokenAt: deps.requests.firstTokenAt(job.id) }),
    ...(cut ? { result: null, partialOutput: summary.text } : answerOf(summary)), // a result may have been cut off
    bytes,
    endedAt,
  });
  return outcome;
};

/** From its turn on, as an agent may begin long before that is written down. */
const isTimeUp = ({ claimedAt, timeoutMs }: Job, endedAt: number): boolean =>
  endedAt - (claimedAt ?? endedAt) >= timeoutMs;

const shownCode = (exitCode: number | undefined): number | null =>
  exitCode === undefined || exitCode === podmanKnowsNone ? null : exitCode;

/** What was said: by the hooks where the run did not come past them, for then the agent never began. */
const readWords = async (
  { jobs }: SettleDeps,
  job: Job,
  { hooks: state, reason, folder }: Pick<End, "reason" | "folder"> & { hooks: HookState | undefined },
): Promise<Words> => {
  const failure = await hookFailure({
    hooks: state && planHooks(jobs.request(job.id).podman?.lifecycle),
    state,
    late: (job.stopReason ?? reason) === "hooks_timed_out",
    log: folder.hookLog,
  });
  return failure ? { ...noOutput, text: failure.text, hooks: failure } : readOutput(folder);
};

/** A hook that has failed, or was too late; not one that was only at work when the run was ended. */
const isToBlame = ({ hooks }: Words): boolean => hooks?.error !== undefined;

/** Where the answer is, or else what the agent said last. */
const answerOf = ({ result, place, text }: Summary) => ({
  result: place,
  partialOutput: result?.result === undefined ? text : "",
});

/** The rest is what nobody wants to keep. */
const cutOff = async (folder: JobFolder, shown: End["shown"]): Promise<void> => {
  await Promise.all([
    truncate(folder.output, shown.output),
    truncate(folder.stderr, shown.stderr),
    truncate(folder.hookLog, shown.hook).catch(unlessMissing),
  ]);
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

const wasOomKilled = async (
  { containers }: SettleDeps,
  { container: name }: Job,
  exitCode: number | undefined,
): Promise<boolean> => {
  if (exitCode === undefined || exitCode === 0) return false;
  const container = await containers.inspect(name).catch(() => undefined);
  return container !== undefined && (container.oomKilled || (exitCode === 137 && kernelSawOom(container.id)));
};

/** The CLI's own count; where it was killed before it could give one, what the broker saw pass. */
const findUsage = ({ requests, jobs }: SettleDeps, job: Job, { result, counts, model }: Summary): Usage | null => {
  if (result) return totalUsage(model, jobs.request(job.id).demo ? { ...counts, estimated_cost_usd: 0 } : counts);
  const seen = requests.totals(job.id);
  return seen ? { ...seen, estimated_cost_usd: 0 } : null;
};
