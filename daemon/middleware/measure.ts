import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";
import type { Meter } from "../../lib/metrics/meter.ts";

/** Times requests by their route as it is written, not by their path: ids and names would be without number. */
export const measure = ({ httpAnswered }: Pick<Meter, "httpAnswered">) =>
  createMiddleware(async (c, next) => {
    const began = performance.now();
    await next();
    const seconds = (performance.now() - began) / 1000;
    httpAnswered({ method: methodOf(c), route: routeOf(c) ?? "none", status: c.res.status, seconds });
  });

/** The route that took a request, as it is written; nothing where none did. */
export const routeOf = (c: Context): string | undefined =>
  matchedRoutes(c).findLast(({ path }) => !path.endsWith("*"))?.path;

export const methodOf = ({ req: { method } }: Context): string => (methods.has(method) ? method : "other");

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
