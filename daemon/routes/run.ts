import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { streamSSE } from "hono/streaming";
import type { Runner } from "../../lib/jobs/runner.ts";
import { RunResponse } from "../../lib/schema/job.ts";
import { RunRequest } from "../../lib/schema/run.ts";
import { invalidRequest } from "../middleware/errors.ts";
import type { Variables } from "../middleware/request.ts";
import { failures, json } from "./responses.ts";
import { sendRun } from "./stream.ts";

const body = { body: { ...json(RunRequest, "What to run"), required: true } };

const run = createRoute({
  method: "post",
  path: "/run",
  summary: "Run a prompt and wait for its result",
  description: "A client that hangs up cancels the run.",
  request: body,
  responses: { 200: json(RunResponse, "The agent ran; `outcome` says how it ended"), ...failures },
});

const StreamQuery = z.object({
  events: z
    .enum(["text", "raw"])
    .optional()
    .describe("raw: the CLI's own lines, whatever output_format says of the result."),
});

const stream = createRoute({
  method: "post",
  path: "/run/stream",
  summary: "Run a prompt and follow it as server-sent events",
  description:
    "Unnamed events carry the lines of the answer, or with output_format stream-json the CLI's raw lines; `skipped` stands for a raw line above 1 MiB, `done` carries the RunResponse, `error` the error. A client that hangs up cancels the run.",
  request: { ...body, query: StreamQuery },
  responses: {
    200: { description: "Server-sent events", content: { "text/event-stream": { schema: z.string() } } },
    ...failures,
  },
});

export const runRoutes = ({ runner }: { runner: Runner }) =>
  new OpenAPIHono<Variables>({ defaultHook })
    .openapi(run, async (c) => {
      const job = await runner.submit(c.req.valid("json"));
      cancelOn(c.req.raw.signal, job.cancel);
      return c.json(await job.done, 200);
    })
    .openapi(stream, async (c) => {
      const request = c.req.valid("json");
      const job = await runner.submit(request); // what is refused is refused with its own status, before a stream begins
      cancelOn(c.req.raw.signal, job.cancel);
      c.header("X-Accel-Buffering", "no");
      const context = { path: c.req.path, requestId: c.get("requestId") };
      const raw = c.req.valid("query").events === "raw" || request.claude?.output_format === "stream-json";
      return streamSSE(c, (sse) => sendRun(sse, job, { raw, context }));
    });

const defaultHook = (result: { success: true } | { success: false; error: z.core.$ZodError }) => {
  if (!result.success) throw invalidRequest(result.error);
};

const cancelOn = (signal: AbortSignal, cancel: () => void): void => {
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel, { once: true });
};
