import { appendFileSync } from "node:fs";
import type { TestContext } from "node:test";
import type { z } from "zod";
import { localCaller } from "../../lib/auth/caller.ts";
import { fillFolder, jobFolder } from "../../lib/jobs/folder.ts";
import { summarize } from "../../lib/jobs/output.ts";
import { createViews } from "../../lib/jobs/views.ts";
import type { RunRequest } from "../../lib/schema/run.ts";
import { endingOf, newJob, openStores, requestOf, tempFolder } from "../harness.ts";
import { resultOf } from "./ended-job.ts";

type Made = { output?: string; request?: Partial<z.input<typeof RunRequest>> };

/** Views over a real database and real files. */
export const openViews = (t: TestContext) => {
  const { jobs, list, db } = openStores(t);
  const jobsFolder = tempFolder(t);
  const allViews = createViews({ jobs, list, jobsFolder, bellOf: () => undefined });
  const views = allViews.of(localCaller);
  const run = (more: Made["request"] = {}): string => {
    const job = newJob({ request: requestOf(more) });
    jobs.insert(job);
    jobs.claim(2000);
    fillFolder(jobFolder(jobsFolder, job.id), "");
    jobs.started(job.id, 3000);
    return job.id;
  };
  return {
    db,
    jobs,
    allViews,
    views,
    jobsFolder,
    run,
    /** A job that has ended with an output. */
    end: async ({ output = `${resultOf("done")}\n`, request = {} }: Made = {}): Promise<string> => {
      const id = run(request);
      const folder = jobFolder(jobsFolder, id);
      appendFileSync(folder.output, output);
      const { result, place, text } = await summarize(folder.output);
      const partialOutput = result?.result === undefined ? text : "";
      jobs.ended(id, endingOf({ result: place, partialOutput, endedAt: 4000 }));
      return id;
    },
  };
};
