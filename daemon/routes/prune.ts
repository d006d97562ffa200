import { createRoute } from "@hono/zod-openapi";
import { createMiddleware } from "hono/factory";
import type { Retention } from "../../lib/retention/retention.ts";
import { Pruned, PruneRequest } from "../../lib/schema/prune.ts";
import * as example from "./examples.ts";
import { failures, json } from "./responses.ts";
import { createRouter } from "./router.ts";

/** Without a body there is no JSON to parse, and all is as the configuration says. */
const allowNoBody = createMiddleware(async (c, next) => {
  if ((await c.req.arrayBuffer()).byteLength === 0) c.req.raw.headers.delete("content-type");
  await next();
});

const prune = createRoute({
  method: "post",
  path: "/prune",
  operationId: "pruneState",
  tags: ["daemon"],
  summary: "Remove jobs and sessions that are no longer to be kept",
  description:
    "Without a body it does what the daemon does every hour. Jobs that have not ended, those with a delivery that is due, and sessions in use stay.",
  middleware: allowNoBody,
  request: {
    body: { ...json(PruneRequest, "What to remove", { jobs_older_than: "7d", dry_run: true }), required: false },
  },
  responses: {
    200: json(Pruned, "What was removed, or with dry_run would be", {
      jobs: [example.jobId],
      sessions: [],
      bytes: 48_300,
      dry_run: true,
    }),
    ...failures,
  },
});

export const pruneRoutes = ({ retention }: { retention: Pick<Retention, "prune"> }) =>
  createRouter().openapi(prune, async (c) => c.json(await retention.prune(c.req.valid("json")), 200));
