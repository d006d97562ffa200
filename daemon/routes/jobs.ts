import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Runner } from "../../lib/jobs/runner.ts";
import type { CallerViews, Views } from "../../lib/jobs/views.ts";
import { Failure } from "../../lib/schema/failure.ts";
import { Cancelled, JobList, JobQuery, JobResponse, numberIn } from "../../lib/schema/job.ts";
import type { Collector } from "../garbage.ts";
import type { Variables } from "../middleware/request.ts";
import { sendFile } from "./file.ts";
import * as example from "./examples.ts";
import { conflict, failures, json, missing } from "./responses.ts";
import { createRouter } from "./router.ts";
import { eventStream, framed, named } from "./sse.ts";

const params = z.object({ id: z.string().describe("Id of a job, or of a run.") });

const list = createRoute({
  method: "get",
  path: "/jobs",
  operationId: "listJobs",
  tags: ["jobs"],
  summary: "Jobs, newest first",
  description: "Runs are jobs too. Answers above 64 KiB are left out, marked by `output_truncated`.",
  request: { query: JobQuery },
  responses: { 200: json(JobList, "A page of jobs", { jobs: [example.job] }), ...failures },
});

const show = createRoute({
  method: "get",
  path: "/jobs/{id}",
  operationId: "getJob",
  tags: ["jobs"],
  summary: "A job as it stands",
  request: { params },
  responses: { 200: json(JobResponse, "The job", example.job), ...failures, ...missing },
});

const cancel = createRoute({
  method: "delete",
  path: "/jobs/{id}",
  operationId: "cancelJob",
  tags: ["jobs"],
  summary: "Cancel a job",
  description: "Answers once the job has ended as cancelled; one that waits never starts.",
  request: { params },
  responses: {
    200: json(Cancelled, "It has ended as cancelled", { cancelled: true, job_id: example.jobId }),
    ...failures,
    ...missing,
    ...conflict,
  },
});

const EventsQuery = z.strictObject({
  after: numberIn(0, Number.MAX_SAFE_INTEGER).optional().describe("The id of the last event that is known already."),
  follow: z.enum(["true", "false"]).optional().describe("false: end with what is there now."),
});

const events = createRoute({
  method: "get",
  path: "/jobs/{id}/events",
  operationId: "followJob",
  tags: ["jobs"],
  summary: "Everything that happened and happens in a job, as server-sent events",
  description:
    "Ids are gap-free from 1, and a replay gives the same events as the live stream did. `status`: a move of the job. `output`: one stream-json line of the CLI; a line above 1 MB is a pointer into the log instead, of type stromboli_long_line. `stderr`: one line. `hook`: one line of what a lifecycle hook prints, or JSON of type stromboli_hook that tells who began and ended. `done`: the job as it ended, always the last.",
  request: { params, query: EventsQuery, headers: z.object({ "last-event-id": z.string().optional() }) },
  responses: {
    200: { description: "Server-sent events", content: { "text/event-stream": { schema: z.string() } } },
    204: { description: "The job has ended, and there are no events behind that one" },
    ...failures,
    ...missing,
  },
});

const LogQuery = z.strictObject({ stream: z.enum(["stdout", "stderr", "hooks"]).optional() });

const logs = createRoute({
  method: "get",
  path: "/jobs/{id}/logs",
  operationId: "getJobLog",
  tags: ["jobs"],
  summary: "The raw output of a job",
  description: "As far as it goes now; takes a Range of bytes.",
  request: { params, query: LogQuery },
  responses: {
    200: { description: "The file", content: { "text/plain": { schema: z.string() } } },
    206: { description: "A part of it", content: { "text/plain": { schema: z.string() } } },
    416: json(Failure, "There are no such bytes"),
    ...failures,
    ...missing,
  },
});

type Deps = { runner: Runner; views: Views; collector: Pick<Collector, "passOn"> };

export const jobRoutes = ({ runner, views, collector }: Deps) => {
  const viewsOf = (c: Context<Variables>) => views.of(c.get("caller"));

  return createRouter()
    .openapi(list, async (c) => c.json(await viewsOf(c).list(c.req.valid("query")), 200))
    .openapi(show, async (c) => c.json(await viewsOf(c).job(c.req.valid("param").id), 200))
    .openapi(cancel, async (c) => {
      const { id } = c.req.valid("param");
      await runner.cancel(c.get("caller"), id);
      return c.json({ cancelled: true as const, job_id: id }, 200);
    })
    .openapi(events, async (c) => {
      const { id } = c.req.valid("param");
      const { after: asked = 0, follow } = c.req.valid("query");
      const after = lastIdOf(c.req.valid("header")["last-event-id"]) ?? asked; // a browser that comes back repeats its query
      const mine = viewsOf(c);
      if (await mine.isOver(id, after)) return c.body(null, 204); // at which a browser stops coming back
      const hungUp = new AbortController();
      c.req.raw.signal.addEventListener("abort", () => hungUp.abort(), { once: true });
      const reading = {
        after,
        follow: follow !== "false",
        signal: hungUp.signal,
      };
      const batches = mine.batches(id, reading);
      return eventStream(chunksOf(batches, collector), () => hungUp.abort());
    })
    .openapi(logs, (c) => {
      const path = viewsOf(c).log(c.req.valid("param").id, c.req.valid("query").stream ?? "stdout");
      return sendFile(path, c.req.header("range"));
    });
};

/** A browser sends back what it got; anything else counts as nothing known. */
const lastIdOf = (header: string | undefined): number | undefined =>
  header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;

async function* chunksOf(batches: ReturnType<CallerViews["batches"]>, { passOn }: Pick<Collector, "passOn">) {
  for await (const batch of batches) {
    if (Array.isArray(batch)) yield named(batch);
    else {
      passOn(batch.bytes.length);
      yield framed(batch);
    }
  }
}
