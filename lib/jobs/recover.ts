import { stat } from "node:fs/promises";
import type { Broker, OpenDoor } from "../broker/broker.ts";
import { messageOf } from "../errors.ts";
import { untilItWorks } from "../persist.ts";
import type { Machine } from "../policy/plan.ts";
import type { OrphanWatch } from "../podman/orphans.ts";
import type { Config } from "../schema/config.ts";
import type { Job } from "../store/job-rows.ts";
import { abandon, type AbandonDeps } from "./abandon.ts";
import { cleanUp } from "./clean-up.ts";
import { jobFolder } from "./folder.ts";

export type RecoveryDeps = AbandonDeps & { config: Config; machine: Machine; broker: Broker; orphans: OrphanWatch };

/** What becomes of a job that a former daemon has left, once it is known how far it came. */
export type Takeover =
  /** Its container was started: to be waited for and settled. */
  | { kind: "adopt"; job: Job; door: OpenDoor & AsyncDisposable }
  /** Its turn had come, and no agent has run: to be begun anew. */
  | { kind: "restart"; job: Job }
  /** It has ended before it began. */
  | { kind: "ended"; job: Job };

const neverRan = new Set(["created", "configured", "initialized"]);

/** Finds out how far a job came. Between the claim and the note that it runs, its container alone tells. */
export const takeOver = async (deps: RecoveryDeps, job: Job, signal: AbortSignal): Promise<Takeover> => {
  if (job.state === "running") return adopt(deps, job);
  await deps.orphans.noneStarting(job.container, signal);
  const container = await deps.containers.inspect(job.container);
  const ran = container ? !neverRan.has(container.status) : await hasWritten(deps, job); // somebody may have removed it
  if (ran) {
    const startedAt = Math.max(container?.startedAt ?? deps.now(), job.claimedAt ?? 0);
    deps.jobs.started(job.id, startedAt);
    return adopt(deps, { ...job, state: "running", startedAt });
  }
  if (container) await deps.containers.remove(job.container);
  if (deps.jobs.progress(job.id)?.stopReason !== "cancelled") return { kind: "restart", job };
  await abandon(deps, job, undefined); // it ends as cancelled
  return { kind: "ended", job };
};

/** Its agent, or a hook before that. */
const hasWritten = async ({ jobsFolder }: RecoveryDeps, { id }: Job): Promise<boolean> => {
  const { output, hookState } = jobFolder(jobsFolder, id);
  const found = await Promise.all([output, hookState].map((path) => stat(path).catch(() => undefined)));
  return found.some((file) => file !== undefined && file.size > 0);
};

const adopt = async (deps: RecoveryDeps, job: Job): Promise<Takeover> => {
  const { broker, jobsFolder, config, jobs, log } = deps;
  const { id, handleHash, brokerPort } = job;
  const folder = config.claude.transport === "tcp" ? undefined : jobFolder(jobsFolder, id).broker;
  const demo = jobs.request(id).demo ?? false;
  const door = await broker
    .open({ jobId: id, handleHash, demo, folder, port: brokerPort ?? undefined })
    .catch((error: unknown) => {
      log.error({ job: id, error: messageOf(error) }, "the broker of a job cannot be opened; its agent has no model");
      return closedDoor;
    });
  return { kind: "adopt", job, door: { ...door, [Symbol.asyncDispose]: () => door.close() } };
};

const closedDoor: OpenDoor = { port: undefined, traffic: () => 0, isBusy: () => false, close: () => Promise.resolve() };

/** Containers of jobs that ended just before the daemon did, and those that were made to look into an image. */
export const leftovers = async ({ containers, machine, jobs }: RecoveryDeps): Promise<string[]> => {
  const states = await containers.states(`stromboli.state=${machine.stateLabel}`);
  return [...states.keys()].filter((name) => (jobs.withContainer(name)?.state ?? "ended") === "ended");
};

/** Removes what was left before this daemon began, or what is left by now. Those of other daemons are never touched. */
export const removeLeftovers = async (
  deps: RecoveryDeps,
  left: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<void> => {
  const remove = async () => {
    for (const name of left ?? (await leftovers(deps))) {
      const job = deps.jobs.withContainer(name);
      await (job ? cleanUp(deps, job) : deps.containers.remove(name));
    }
  };
  await untilItWorks(remove, { what: "removing leftovers", log: deps.log, signal }).catch(() => {}); // stopping: the next start does it
};
