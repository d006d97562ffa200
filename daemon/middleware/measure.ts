import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";
import type { Meter } from "../../lib/metrics/meter.ts";

/** Times requests by their route as it is written, not by their path: ids and names would be without number. */
export const measure = ({ httpAnswered }: Pick<Meter, "httpAnswered">) =>
  createMiddleware(async (c, next) => {
    const began = performance.now();
    await next();
    const route = matchedRoutes(c).findLast(({ path }) => !path.endsWith("*"))?.path ?? "none";
    const method = methods.has(c.req.method) ? c.req.method : "other";
    httpAnswered({ method, route, status: c.res.status, seconds: (performance.now() - began) / 1000 });
  });

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
