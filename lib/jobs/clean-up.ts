import type { Containers } from "../podman/containers.ts";
import type { Sessions } from "../sessions.ts";
import type { Job } from "../store/job-rows.ts";
import type { SessionStore } from "../store/sessions.ts";
import type { JobStacks } from "./stacks.ts";
import { jobFolder, keepOutput } from "./folder.ts";

export type CleanUpDeps = {
  containers: Containers;
  sessions: Sessions;
  sessionStore: SessionStore;
  stacks: Pick<JobStacks, "release">;
  jobsFolder: string;
};

type Leaving = Pick<Job, "id" | "container" | "sessionId">;

/** Removes what only a running job needs. `forget` also removes the files of its session; without `services` they stay up for now. Runs again harmlessly. */
export const cleanUp = async (
  deps: CleanUpDeps,
  job: Leaving,
  { forget = false, services = true } = {},
): Promise<void> => {
  await keepOutput(jobFolder(deps.jobsFolder, job.id));
  if (forget) await deps.sessions.removeFiles(job.sessionId);
  await deps.sessions.removeSetAside(job.id);
  if (services) await deps.stacks.release(job);
  await deps.containers.remove(job.container); // last: a container that is left tells the next start to do all this again
};
