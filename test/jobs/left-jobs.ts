import { appendFileSync } from "node:fs";
import type { TestContext } from "node:test";
import type { z } from "zod";
import { fillFolder, jobFolder } from "../../lib/jobs/folder.ts";
import type { JobState } from "../../lib/jobs/state.ts";
import type { Config } from "../../lib/schema/config.ts";
import { newJob } from "../harness.ts";
import { openRunner, resultLine } from "./harness.ts";

type Left = { state: Exclude<JobState, "ended">; output?: string } & Partial<ReturnType<typeof newJob>>;

/** A daemon's place, and jobs as a daemon leaves them that is killed. Containers start with a result from now on. */
export const openLeft = (t: TestContext, config: z.input<typeof Config> = {}) => {
  const place = openRunner(t, config);
  const { jobs, sessionStore, deps, fake } = place;
  fake.state.output = resultLine;
  const leave = ({ state, output = "", ...more }: Left): ReturnType<typeof newJob> => {
    const job = newJob(more);
    jobs.insert(job);
    if (!sessionStore.find(job.sessionId))
      sessionStore.insert({ id: job.sessionId, owner: "local", title: "hi", workdir: "/workspace", createdAt: 1 });
    if (state === "pending") return job;
    jobs.claim(Date.now());
    const folder = jobFolder(deps.jobsFolder, job.id);
    fillFolder(folder, "hi\n");
    appendFileSync(folder.output, output);
    if (state === "running") jobs.started(job.id, Date.now());
    return job;
  };
  return { ...place, leave };
};
