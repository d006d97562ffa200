import { appendFileSync, copyFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { fillFolder, jobFolder } from "../../lib/jobs/folder.ts";
import { summarize, type Summary } from "../../lib/jobs/output.ts";
import { isEnded, runReport } from "../../lib/jobs/report.ts";
import type { Ending } from "../../lib/store/job-rows.ts";
import type { JobStore, NewJob } from "../../lib/store/jobs.ts";
import { endingOf, newJob, openStores, tempFolder } from "../harness.ts";

type Made = {
  /** The path of an output to copy, or its lines. */
  output?: string | readonly string[];
  job?: Partial<NewJob>;
  ending?: Partial<Ending>;
  /** Whether an agent ran. */
  started?: boolean;
  stopped?: "cancelled" | "timed_out" | "finished";
};

const createdAt = 1_700_000_000_000;

/** A job that has ended, in a real database, with its output in a real file. */
const endJob = async (t: TestContext, { output = [], job: more, ...how }: Made = {}) => {
  const { jobs } = openStores(t);
  const job = newJob({ createdAt, ...more });
  const folder = jobFolder(tempFolder(t), job.id);
  fillFolder(folder, "");
  if (typeof output === "string") copyFileSync(output, folder.output);
  else appendFileSync(folder.output, output.map((line) => `${line}\n`).join(""));
  jobs.insert(job);
  const summary = await summarize(folder.output);
  end(jobs, job.id, { ...how, summary });
  const ended = jobs.find(job.id);
  if (!ended || !isEnded(ended)) throw new Error("the job has not ended");
  return { folder, job: ended };
};

type How = Pick<Made, "ending" | "started" | "stopped"> & { summary: Summary };

/** As a daemon does. */
const end = (jobs: JobStore, id: string, { ending, started = true, stopped, summary }: How): void => {
  jobs.claim(createdAt + 100);
  if (started) jobs.started(id, createdAt + 500);
  if (stopped) jobs.stopping(id, stopped, createdAt + 600);
  const { result, place, text } = summary;
  jobs.ended(
    id,
    endingOf({
      endedAt: createdAt + 1000,
      numTurns: result?.num_turns ?? null,
      result: place,
      partialOutput: result?.result === undefined ? text : "",
      ...ending,
    }),
  );
};

/** What the run of such a job came to. */
export const reportOf = async (t: TestContext, made?: Made) => {
  const { job, folder } = await endJob(t, made);
  return runReport(job, { folder });
};

export const says = (text: string): string =>
  JSON.stringify({ type: "assistant", message: { content: [{ type: "text", text }] } });

export const resultOf = (result: string, more: object = {}): string =>
  JSON.stringify({ type: "result", subtype: "success", is_error: false, num_turns: 1, result, ...more });
