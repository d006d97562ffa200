import { messageOf } from "../errors.ts";
import type { Broker } from "../broker/broker.ts";
import type { Machine } from "../policy/plan.ts";
import type { Config } from "../schema/config.ts";
import type { Job, JobStore } from "../store/jobs.ts";
import { cleanUp, type CleanUpDeps } from "./clean-up.ts";
import { jobFolder } from "./folder.ts";

export type RecoveryDeps = CleanUpDeps & {
  config: Config;
  machine: Machine;
  jobs: JobStore;
  broker: Broker;
  now: () => number;
};

/**
 * Takes up every job that a former daemon left open: `adopt` gets those whose container runs or has ended, to wait for
 * it and settle. Containers of ours that belong to no open job are removed; those of other daemons are never touched.
 */
export const recover = async (deps: RecoveryDeps, adopt: (job: Job, door: AsyncDisposable) => void): Promise<void> => {
  const open = deps.jobs.open();
  for (const job of open) {
    if (await hasStarted(deps, job)) adopt(job, await reopen(deps, job));
    else await giveUp(deps, job);
  }
  const wanted = new Set(open.map(({ container }) => container));
  for (const name of await ownContainers(deps)) if (!wanted.has(name)) await discard(deps, name);
};

const ownContainers = ({ containers, machine, log }: RecoveryDeps): Promise<string[]> =>
  containers.withLabel(`stromboli.state=${machine.stateLabel}`).catch((error: unknown) => {
    log.warn({ error: messageOf(error) }, "cannot look for leftovers");
    return [];
  });

/** What is left of a job that ended just before the daemon did, or of a look into an image. */
const discard = async (deps: RecoveryDeps, name: string): Promise<void> => {
  const job = deps.jobs.withContainer(name);
  if (job) return cleanUp(deps, job);
  await deps.containers
    .remove(name)
    .catch((error: unknown) => deps.log.warn({ container: name, error: messageOf(error) }, "leftover stays"));
};

/** Podman is unwell: to wait for the container is right whatever has become of it. */
const notKnown = { status: "unknown" };

/** A container that was created and never started would be waited for in vain. */
const hasStarted = async ({ containers, jobs, now }: RecoveryDeps, job: Job): Promise<boolean> => {
  const container = await containers.inspect(job.container).catch(() => notKnown);
  if (!container || container.status === "created" || container.status === "configured") return false;
  if (job.state === "starting") jobs.started(job.id, now(), now() + longestGuessMs);
  return true;
};

/** The deadline was not written yet when the daemon died; Podman's own --timeout ends the container in time. */
const longestGuessMs = 24 * 3_600_000;

const reopen = async (
  { broker, jobsFolder, config }: RecoveryDeps,
  { id, handleHash, request }: Job,
): Promise<AsyncDisposable> => {
  const folder = config.claude.transport === "tcp" ? undefined : jobFolder(jobsFolder, id).broker;
  const door = await broker.open({ jobId: id, handleHash, demo: request.demo ?? false, folder });
  return { [Symbol.asyncDispose]: () => door.close() };
};

const giveUp = async (deps: RecoveryDeps, job: Job): Promise<void> => {
  const endedAt = deps.now();
  const timings = { queue: 0, create: endedAt - job.createdAt, hooks: 0, agent: 0, first_token: null };
  const started = job.state === "running";
  deps.jobs.ended(job.id, {
    outcome: started ? "lost" : "start_failed",
    exitCode: null,
    error: started ? "the container vanished while no daemon ran" : "the daemon ended before the container was started",
    usage: null,
    timings,
    endedAt,
  });
  await cleanUp(deps, job);
};
