import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { withoutUndefined } from "../../lib/given.ts";
import { JobId, JobQuery, type JobResponse } from "../../lib/schema/job.ts";
import { SessionQuery } from "../../lib/schema/session.ts";
import { jsonOf, type Client } from "../client.ts";
import { patiently } from "../../lib/client/patience.ts";
import { answer, fitting, telling } from "./answers.ts";
import type { Connect } from "./connect.ts";
import { jobAnswer } from "./job-answer.ts";

const place = z.int().nonnegative().optional();
const annotations = { readOnlyHint: true };
const usualLimit = 20;

/** Tools that list and read jobs. */
export const addJobTools = (server: McpServer, connect: Connect): void => {
  server.registerTool(
    "list_jobs",
    {
      title: "List jobs",
      description: "What runs, waits and has ended, newest first.",
      inputSchema: JobQuery.pick({ status: true, session_id: true, label: true }).extend({
        limit: z.int().min(1).max(50).optional().describe(`At most so many; ${usualLimit} by default.`),
        cursor: place.describe("next_cursor of the page before."),
      }),
      annotations,
    },
    ({ limit = usualLimit, cursor, ...filter }) =>
      telling(async () => {
        const client = await connect();
        const query = withoutUndefined({ ...filter, limit: String(limit), cursor: cursor?.toString() });
        const page = await patiently(async () => jsonOf(await client.jobs.$get({ query })));
        return answer({ jobs: page.jobs.map(brief), next_cursor: page.next_cursor });
      }),
  );
  server.registerTool(
    "read_job",
    {
      title: "Read a job",
      description: "How a job stands and what it answered, at once, be it running or not.",
      inputSchema: z.strictObject({ job_id: JobId, offset: place.describe("From this character of its answer on.") }),
      annotations,
    },
    ({ job_id, offset }) => telling(async () => jobAnswer(await jobOf(await connect(), job_id), offset)),
  );
};

export const jobOf = (client: Client, id: string): Promise<JobResponse> =>
  patiently(async () => jsonOf(await client.jobs[":id"].$get({ param: { id } })));

const brief = ({ id, status, phase, outcome, title, session_id, created_at, ended_at, usage }: JobResponse) =>
  withoutUndefined({
    id,
    status,
    phase,
    outcome,
    title,
    session_id,
    created_at,
    ended_at,
    cost_usd: usage?.estimated_cost_usd,
  });

/** Tools that list sessions and images. */
export const addListTools = (server: McpServer, connect: Connect): void => {
  server.registerTool(
    "list_sessions",
    {
      title: "List sessions",
      description: "Conversations that can be read and gone on with, used last first.",
      inputSchema: SessionQuery.extend({ offset: place.describe("How many to pass over.") }),
      annotations,
    },
    ({ offset = 0, ...query }) =>
      telling(async () => {
        const client = await connect();
        const { details } = await patiently(async () => jsonOf(await client.sessions.$get({ query })));
        return listAnswer("sessions", details, offset);
      }),
  );
  server.registerTool(
    "list_images",
    {
      title: "List container images",
      description: "Images on the machine for podman.image of a run, best for agents first.",
      inputSchema: z.strictObject({ offset: place.describe("How many to pass over.") }),
      annotations,
    },
    ({ offset = 0 }) =>
      telling(async () => {
        const client = await connect();
        const { images } = await patiently(async () => jsonOf(await client.images.$get()));
        const known = images.map(({ repository, tag, compatible, rank_description, tools, architecture, size }) => ({
          image: tag ? `${repository}:${tag}` : repository,
          compatible,
          why: rank_description,
          tools,
          architecture,
          size,
        }));
        return listAnswer("images", known, offset);
      }),
  );
};

const listAnswer = (name: string, all: readonly object[], offset: number) => {
  const shown = fitting(all.slice(offset), (item) => JSON.stringify(item).length + 1);
  const next = offset + shown.length;
  return answer({ [name]: shown, total: all.length, ...(next < all.length && { next_offset: next }) });
};
