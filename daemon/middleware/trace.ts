import { createMiddleware } from "hono/factory";
import type { Traces } from "../../lib/traces/traces.ts";
import { methodOf, routeOf } from "./measure.ts";
import type { Variables } from "./request.ts";

/**
 * Has each request stand in a trace: in its caller's, where that tells of one. Like its metrics it ends with the head of
 * its answer. Questions after the daemon's health have none: the CLI asks before all else, and what watches asks all day.
 */
export const trace = ({ begin }: Pick<Traces, "begin">) =>
  createMiddleware<Variables>(async (c, next) => {
    if (isAfterHealth(c.req.path)) return next();
    const { job, end } = await begin({
      traceparent: c.req.header("traceparent"),
      tracestate: c.req.header("tracestate"),
    });
    c.set("trace", job);
    await next();
    end({
      method: methodOf(c),
      route: routeOf(c),
      path: c.req.path,
      via: c.env.via,
      status: c.res.status,
      requestId: c.get("requestId"),
      job: c.get("target"),
    });
  });

const isAfterHealth = (path: string): boolean => /^\/(health|healthz|readyz)$/.test(path);
