import type { JobResponse } from "../lib/schema/job.ts";
import { jsonOf, type Client } from "./client.ts";
import { exitCodes, Failure } from "./failure.ts";

type JobFilter = { status?: JobResponse["status"]; session_id?: string; label?: string };
export type JobPage = { jobs: JobResponse[]; more: boolean };

/** The id that is meant by it or by how it begins. */
export const resolveJob = async (client: Client, text: string): Promise<string> =>
  wholeId.test(text) ? text : (await findJob(client, text)).id;

/** The job that is meant by its id or by how that begins; a long answer is left out of it. */
export const findJob = async (client: Client, text: string): Promise<JobResponse> => {
  const { jobs } = beginning.test(text)
    ? await jsonOf(await client.jobs.$get({ query: { id: text, limit: "2" } }))
    : { jobs: [] };
  const [job, another] = jobs;
  if (!job) throw new Failure(`there is no job ${text || '""'}; list them with: stromboli ps --all`, exitCodes.failed);
  if (another) throw new Failure(`${text} is the beginning of several jobs`, exitCodes.failed);
  return job;
};

const wholeId = /^(job|run)-[0-9a-f]{16}$/;
const beginning = /^(?=.)(job-|run-)?[0-9a-f]{0,16}$/;

/** Jobs, newest first: as many as asked for, and whether there are more. */
export const listJobs = async (
  client: Client,
  filter: JobFilter,
  limit = Number.POSITIVE_INFINITY,
): Promise<JobPage> => {
  const jobs: JobResponse[] = [];
  let cursor: string | undefined;
  do {
    const page = { ...filter, limit: String(Math.min(limit - jobs.length, largestPage)), ...(cursor && { cursor }) };
    const answer = await jsonOf(await client.jobs.$get({ query: page }));
    jobs.push(...answer.jobs);
    cursor = answer.next_cursor;
  } while (cursor && jobs.length < limit);
  return { jobs, more: cursor !== undefined };
};

const largestPage = 500;
