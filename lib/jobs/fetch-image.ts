import type { CliFinder } from "../agent/binary.ts";
import { StromboliError } from "../errors.ts";
import type { Images } from "../podman/images.ts";
import type { Pulls } from "../podman/pulls.ts";
import { planImages } from "../policy/images.ts";
import type { Config } from "../schema/config.ts";
import type { Job } from "../store/job-rows.ts";
import type { JobStore } from "../store/jobs.ts";
import { pullMsOf } from "./timings.ts";

export type PullDeps = { pulls: Pick<Pulls, "join">; jobs: Pick<JobStore, "stopping">; now: () => number };
export type FetchDeps = PullDeps & {
  config: Config;
  images: Pick<Images, "byId" | "findAny">;
  cli: CliFinder;
  jobs: Pick<JobStore, "pulled">;
};

/** Pulls for a claimed job; its id. It has the job's timeout, from the claim on, whichever daemon began it. */
export const pullFor = async (
  { pulls, jobs, now }: PullDeps,
  job: Pick<Job, "id" | "timeoutMs" | "claimedAt">,
  { reference, signal }: { reference: string; signal: AbortSignal },
): Promise<string> => {
  const timeUp = AbortSignal.timeout(Math.max(0, job.timeoutMs - pullMsOf(job, now())));
  try {
    return await pulls.join(reference, AbortSignal.any([signal, timeUp])).done;
  } catch (error) {
    if (!timeUp.aborted || signal.aborted) throw error;
    jobs.stopping(job.id, "timed_out", now());
    throw new StromboliError("start_failed", `pulling ${reference} took longer than podman.timeout and was ended`);
  }
};

/**
 * Has the image of a claimed job pulled where it has none yet; the job with its image.
 * A daemon that dies on the way leaves a job without an image: the next one does it again.
 */
export const fetchImage = async (deps: FetchDeps, job: Job, signal: AbortSignal): Promise<Job> => {
  if (job.image.id !== "") return job;
  const { config, images, cli, jobs, now } = deps;
  const { reference } = job.image;
  planImages(reference, config); // again: the rules may be others than at the admission
  const here = config.policy.pull === "missing" ? await images.findAny([reference]) : undefined; // another job may have pulled it
  const found = here ?? (await images.byId(await pullFor(deps, job, { reference, signal })));
  cli.forImage(reference, found);
  const { id, digest } = found;
  const pullMs = pullMsOf(job, now()); // by former daemons, too
  jobs.pulled(job.id, { id, digest }, pullMs);
  return { ...job, image: { reference, id, digest }, pullMs };
};
