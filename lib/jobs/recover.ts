import { messageOf } from "../errors.ts";
import type { Broker } from "../broker/broker.ts";
import type { Machine } from "../policy/plan.ts";
import type { Config } from "../schema/config.ts";
import type { Job } from "../store/jobs.ts";
import { abandon, type AbandonDeps } from "./abandon.ts";
import { cleanUp } from "./clean-up.ts";
import { jobFolder } from "./folder.ts";

export type RecoveryDeps = AbandonDeps & { config: Config; machine: Machine; broker: Broker };
type Adopt = (job: Job, door: AsyncDisposable) => void;

/**
 * Takes up every job that a former daemon left open: `adopt` gets those whose container was started, to wait for it
 * and settle. Containers of ours that belong to no open job are removed; those of other daemons are never touched.
 */
export const recover = async (deps: RecoveryDeps, adopt: Adopt): Promise<void> => {
  const open = deps.jobs.open();
  for (const job of open) {
    await takeUp(deps, job, adopt).catch((error: unknown) => {
      deps.log.error(
        { job: job.id, error: messageOf(error) },
        "a job could not be taken up; the next start tries again",
      );
    });
  }
  const wanted = new Set(open.map(({ container }) => container));
  for (const name of await ownContainers(deps)) if (!wanted.has(name)) await discard(deps, name);
};

/** A running job whose container is gone is settled too: what it wrote before may hold its result. */
const takeUp = async (deps: RecoveryDeps, job: Job, adopt: Adopt): Promise<void> => {
  if (job.state === "running") return adopt(job, await reopen(deps, job));
  const container = await deps.containers.inspect(job.container);
  if (!container || container.status === "created" || container.status === "configured") {
    return abandon(deps, job, "the daemon ended before the container was started");
  }
  deps.jobs.started(job.id, container.startedAt ?? deps.now());
  adopt(job, await reopen(deps, job));
};

const reopen = async (
  { broker, jobsFolder, config }: RecoveryDeps,
  { id, handleHash, request }: Job,
): Promise<AsyncDisposable> => {
  const folder = config.claude.transport === "tcp" ? undefined : jobFolder(jobsFolder, id).broker;
  const door = await broker.open({ jobId: id, handleHash, demo: request.demo ?? false, folder });
  return { [Symbol.asyncDispose]: () => door.close() };
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
  await deps.containers.remove(name).catch((error: unknown) => {
    deps.log.warn({ container: name, error: messageOf(error) }, "leftover stays");
  });
};
