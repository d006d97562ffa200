import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { StromboliError } from "../../lib/errors.ts";
import type { Asked, Mode } from "../../lib/jobs/admit.ts";
import type { Runner } from "../../lib/jobs/runner.ts";
import type { Views } from "../../lib/jobs/views.ts";
import { DryRun } from "../../lib/schema/dry-run.ts";
import { RunResponse, Submitted } from "../../lib/schema/job.ts";
import { IdempotencyKey, RunRequest } from "../../lib/schema/run.ts";
import { invalidRequest } from "../middleware/errors.ts";
import type { Variables } from "../middleware/request.ts";
import * as example from "./examples.ts";
import { createFollow, leaveWith } from "./follow.ts";
import { conflict, failures, json, missing, registryFailures } from "./responses.ts";
import { createRouter } from "./router.ts";

const headers = z.object({
  "idempotency-key": IdempotencyKey.optional().describe("Sending it again within 24 h gives the first answer."),
  traceparent: z.string().optional().describe("The caller's place in a trace (W3C Trace Context): the job's is below."),
  tracestate: z.string().optional().describe("What goes with it."),
});
const DryRunFlag = z
  .enum(["true", "false"])
  .optional()
  .describe("true: tell what would run, or why it would be refused, and run nothing.");
const body = {
  headers,
  query: z.strictObject({ dry_run: DryRunFlag }),
  body: { ...json(RunRequest, "What to run", example.runRequest), required: true },
};

/** What may keep a run from being begun. */
const refusals = { ...failures, ...missing, ...conflict, ...registryFailures };

const run = createRoute({
  method: "post",
  path: "/run",
  operationId: "runPrompt",
  tags: ["runs"],
  summary: "Run a prompt and wait for its result",
  description: "A client that hangs up cancels the run, unless it gave an idempotency key and so can ask again.",
  request: body,
  responses: {
    200: json(
      z.union([RunResponse, DryRun]),
      "The agent ran; `outcome` says how it ended. Or what dry_run asks for",
      example.runResponse,
    ),
    ...refusals,
  },
});

const runAsync = createRoute({
  method: "post",
  path: "/run/async",
  operationId: "submitRun",
  tags: ["runs"],
  summary: "Have a prompt run, and come back for its result",
  request: body,
  responses: {
    200: json(DryRun, "What dry_run asks for", example.dryRun),
    202: json(Submitted, "The job is written down, and will run", {
      job_id: example.jobId,
      session_id: example.sessionId,
    }),
    ...refusals,
  },
});

const Events = z
  .enum(["text", "raw"])
  .optional()
  .describe("raw: the CLI's own lines, whatever output_format says of the result.");

const eventText = { "text/event-stream": { schema: z.string() } };
const description =
  "Unnamed events carry the lines of the answer, or with output_format stream-json the CLI's raw lines; `done` carries the result, `error` the error. A client that hangs up cancels the run, unless it gave an idempotency key.";

const stream = createRoute({
  method: "post",
  path: "/run/stream",
  operationId: "streamRun",
  tags: ["runs"],
  summary: "Run a prompt and follow it as server-sent events",
  description,
  request: { ...body, query: z.strictObject({ events: Events, dry_run: DryRunFlag }) },
  responses: {
    200: {
      description: "Server-sent events. Or what dry_run asks for",
      content: { ...eventText, ...json(DryRun, "", example.dryRun).content },
    },
    ...refusals,
  },
});

const StreamQuery = z.strictObject({
  prompt: z.string(),
  workdir: z.string().optional(),
  session_id: z.string().optional(),
  resume: z.enum(["true", "false"]).optional(),
  model: z.string().optional(),
  events: Events,
});

const streamGet = createRoute({
  method: "get",
  path: "/run/stream",
  operationId: "streamPrompt",
  tags: ["runs"],
  summary: "The same for clients that can only GET, such as EventSource",
  description,
  request: { query: StreamQuery },
  responses: { 200: { description: "Server-sent events", content: eventText }, ...refusals },
});

type Deps = { runner: Runner; views: Views };

export const runRoutes = ({ runner, views }: Deps) => {
  const follow = createFollow({ runner, views });

  return createRouter()
    .openapi(run, async (c) => {
      const asked = askedFor(c, {
        mode: "run",
        request: c.req.valid("json"),
        key: c.req.valid("header")["idempotency-key"],
      });
      if (c.req.valid("query").dry_run === "true") return c.json(await runner.dryRun(asked), 200);
      const { id } = await runner.submit(asked);
      c.set("target", id);
      leaveWith(c.req.raw.signal, asked, () => runner.leave(id));
      await runner.ended(id);
      return c.json(await views.of(asked.caller).run(id), 200);
    })
    .openapi(runAsync, async (c) => {
      const asked = askedFor(c, {
        mode: "job",
        request: c.req.valid("json"),
        key: c.req.valid("header")["idempotency-key"],
      });
      if (c.req.valid("query").dry_run === "true") return c.json(await runner.dryRun(asked), 200);
      const { id, sessionId } = await runner.submit(asked);
      c.set("target", id);
      return c.json({ job_id: id, session_id: sessionId }, 202);
    })
    .openapi(stream, async (c) => {
      const asked = askedFor(c, {
        mode: "run",
        request: c.req.valid("json"),
        key: c.req.valid("header")["idempotency-key"],
      });
      const { events: wanted, dry_run } = c.req.valid("query");
      if (dry_run === "true") return c.json(await runner.dryRun(asked), 200);
      return follow(c, asked, wanted);
    })
    .openapi(streamGet, (c) => {
      if (c.req.method === "HEAD") return new Response(null, { headers: { allow: "GET" }, status: 405 }); // asking for a head must run nothing
      const { events, ...query } = c.req.valid("query");
      return follow(c, askedFor(c, { mode: "run", request: requestOf(query) }), events);
    });
};

type Handed = { mode: Mode; request: RunRequest; key?: string | undefined };

const askedFor = (c: Context<Variables>, { mode, request, key: header }: Handed): Asked => {
  const { idempotency_key: inBody } = request;
  if (header !== undefined && inBody !== undefined && header !== inBody)
    throw new StromboliError(
      "invalid_request",
      "idempotency_key and the Idempotency-Key header differ; send one of them",
    );
  return { caller: c.get("caller"), mode, request, key: header ?? inBody, trace: c.get("trace") };
};

type Query = Omit<z.output<typeof StreamQuery>, "events">;

const requestOf = ({ prompt, workdir, session_id, resume, model }: Query): RunRequest => {
  const claude = { session_id, resume: resume === "true", model };
  const { data, error } = RunRequest.safeParse({ prompt, workdir, claude });
  if (error) throw invalidRequest(error, RunRequest);
  return data;
};
