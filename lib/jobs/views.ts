import { ownerFor, sees, type Caller } from "../auth/caller.ts";
import { jobNotFound, StromboliError } from "../errors.ts";
import type { JobList, JobQuery, JobResponse, RunResponse } from "../schema/job.ts";
import type { Job, Place } from "../store/job-rows.ts";
import type { JobLister } from "../store/job-list.ts";
import type { JobStore } from "../store/jobs.ts";
import type { Bell } from "./bell.ts";
import { batchesOf, eventsOf, lastIdOf, type Batch, type JobEvent, type Reading, type Watched } from "./events.ts";
import { jobFolder, type JobFolder } from "./folder.ts";
import { textAt } from "./output.ts";
import { isEnded, type EndedJob, jobReport, runReport, shortJobReport } from "./report.ts";

type Deps = {
  jobs: Pick<JobStore, "find" | "progress">;
  list: JobLister;
  jobsFolder: string;
  bellOf: (id: string) => Bell | undefined;
};
export type Views = ReturnType<typeof createViews>;
export type CallerViews = ReturnType<Views["of"]>;

const longestListed = 65_536;
const longestLine = 32 * 1_048_576;
const longestTold = 1_048_576;

/** What there is to be seen of jobs; nothing here changes one. */
export const createViews = (deps: Deps) => ({
  /** What one caller gets to see: of others' jobs nothing, unless it is an admin. All throw `job_not_found`. */
  of: (caller: Caller) => createViewsOf(deps, caller),

  /** What a job came to; nothing when it has been removed, or has not ended. */
  async ended(id: string): Promise<RunResponse | undefined> {
    const job = deps.jobs.find(id);
    const folder = jobFolder(deps.jobsFolder, id);
    return job && isEnded(job) ? runReport(job, { folder, longest: longestTold }) : undefined;
  },
});

const createViewsOf = ({ jobs, list, jobsFolder, bellOf }: Deps, caller: Caller) => {
  const find = (id: string): Job => {
    const job = jobs.find(id);
    if (!job || !sees(caller, job.owner)) throw jobNotFound(id);
    return job;
  };
  const folderOf = (id: string): JobFolder => jobFolder(jobsFolder, id);

  const checkRan = (id: string): EndedJob => {
    const job = find(id);
    if (!isEnded(job)) throw new Error(`job ${id} has not ended`);
    if (job.ending.outcome !== "start_failed") return job;
    throw new StromboliError("start_failed", job.ending.error ?? "the container could not be started");
  };
  const watched = (id: string): Watched => {
    const folder = folderOf(find(id).id);
    const done = () => shortJobReport(find(id), folder);
    return { id, folder, bell: () => bellOf(id), jobs, done };
  };

  return {
    find,
    job: (id: string): Promise<JobResponse> => jobReport(find(id), { folder: folderOf(id) }),

    /** The answer to who waited; throws why the agent did not run. */
    run: async (id: string): Promise<RunResponse> => runReport(checkRan(id), { folder: folderOf(id) }),
    checkRan,

    /** Whether a job has ended and has no event behind one of its events. */
    async isOver(id: string, after: number): Promise<boolean> {
      const job = find(id);
      return isEnded(job) && after >= (await lastIdOf(folderOf(id), job));
    },

    /** A page of jobs; long answers are left out. */
    list: (query: JobQuery): Promise<JobList> => pageOf(list(query, ownerFor(caller)), folderOf),

    /** The events of a job, some at a time; see {@link eventsOf}. */
    events: (id: string, reading: Reading): AsyncGenerator<JobEvent[]> => eventsOf(watched(id), reading),
    /** The same for who passes them on as they are. */
    batches: (id: string, reading: Reading): AsyncGenerator<Batch> => batchesOf(watched(id), reading),

    /** A line of the output that was too long for its event; empty when it is too long for anything. */
    line: async (id: string, place: Place): Promise<string> =>
      place.end - place.start > longestLine ? "" : textAt(folderOf(find(id).id).output, place),

    /** The file behind `GET /jobs/{id}/logs`. */
    log(id: string, stream: "stdout" | "stderr" | "hooks"): string {
      const folder = folderOf(find(id).id);
      return { stdout: folder.output, stderr: folder.stderr, hooks: folder.hookLog }[stream];
    },
  };
};

const pageOf = async (
  { jobs, nextCursor }: ReturnType<JobLister>,
  folderOf: (id: string) => JobFolder,
): Promise<JobList> => ({
  jobs: await Promise.all(jobs.map((job) => jobReport(job, { folder: folderOf(job.id), longest: longestListed }))),
  ...(nextCursor !== undefined && { next_cursor: String(nextCursor) }),
});
