import { createRoute } from "@hono/zod-openapi";
import { UsageQuery, UsageReport } from "../../lib/schema/usage.ts";
import type { Usages } from "../../lib/usage.ts";
import { usageReport } from "./figure-examples.ts";
import { failures, json } from "./responses.ts";
import { createRouter } from "./router.ts";

const show = createRoute({
  method: "get",
  path: "/usage",
  operationId: "getUsage",
  tags: ["jobs"],
  summary: "Tokens and cost of runs, added up by day, model, label or caller",
  description: "A caller sees its own runs, an admin everybody's. Runs count also after their jobs were removed.",
  request: { query: UsageQuery },
  responses: { 200: json(UsageReport, "What was used", usageReport), ...failures },
});

export const usageRoutes = ({ usages }: { usages: Usages }) =>
  createRouter().openapi(show, (c) => c.json(usages(c.req.valid("query"), c.get("caller")), 200));
