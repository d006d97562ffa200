import { sees, type Caller } from "../auth/caller.ts";
import { jobNotFound, messageOf, StromboliError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Job } from "../store/job-rows.ts";
import { withdraw } from "./abandon.ts";
import type { CloseDeps } from "./close.ts";
import type { LiveJobs } from "./live.ts";
import type { Queue } from "./queue.ts";

type Deps = CloseDeps & { onEnd: (id: string) => void; log: Log };

/** `caller`: who asks, when somebody does. */
type Asked = { id: string; caller?: Caller };

/** Ends a job as cancelled, and waits for that; throws `job_ended` when it has ended otherwise, or is about to. */
export const cancel = async (
  deps: Deps,
  { liveJobs, queue }: { liveJobs: LiveJobs; queue: Queue },
  asked: Asked,
): Promise<void> => {
  const { id } = asked;
  const job = mustBeOpen(deps, asked);
  const live = liveJobs.get(id);
  if (job.state === "pending") {
    withdraw(deps, job);
    live?.end();
    deps.onEnd(id);
    return queue.dispatch(); // the next one on its session
  }
  if (!take(deps, job)) throw new StromboliError("job_ended", `job ${id} is being ended already, as ${job.stopReason}`);
  live?.cancel.abort();
  await live?.ended.catch(() => {}); // one that could not start has ended as well
  const { outcome } = deps.jobs.find(id)?.ending ?? {};
  if (outcome === "cancelled") return undefined;
  if (outcome) throw new StromboliError("job_ended", `job ${id} has ended meanwhile, as ${outcome}`);
  throw new StromboliError("shutting_down", `the daemon is stopping; job ${id} is cancelled when it is back`);
};

/** A disk that is full keeps no container from being stopped; then the reason is written down with the end. */
const take = ({ jobs, now, log }: Deps, { id, stopReason }: Job): boolean => {
  try {
    return jobs.stopping(id, "cancelled", now()) || stopReason === "cancelled";
  } catch (error) {
    log.error({ job: id, error: messageOf(error) }, "that a job is cancelled could not be written down yet");
    return stopReason === null;
  }
};

const mustBeOpen = ({ jobs }: Deps, { id, caller }: Asked): Job => {
  const job = jobs.find(id);
  if (!job || (caller && !sees(caller, job.owner))) throw jobNotFound(id);
  if (job.state === "ended") throw new StromboliError("job_ended", `job ${id} has ended already`);
  return job;
};
