import { createRoute } from "@hono/zod-openapi";
import type { StatsOf } from "../../lib/jobs/stats.ts";
import { Stats } from "../../lib/schema/stats.ts";
import { stats } from "./figure-examples.ts";
import { failures, json } from "./responses.ts";
import { createRouter } from "./router.ts";

const show = createRoute({
  method: "get",
  path: "/stats",
  operationId: "getStats",
  tags: ["jobs"],
  summary: "What the jobs at work use: CPU, memory and tokens",
  description: "A caller sees its own jobs, an admin everybody's. Cost is known once a job has ended.",
  responses: { 200: json(Stats, "As of now", stats), ...failures },
});

export const statsRoutes = ({ statsOf }: { statsOf: StatsOf }) =>
  createRouter().openapi(show, async (c) => c.json(await statsOf(c.get("caller")), 200));
