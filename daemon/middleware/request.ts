import { isUtf8 } from "node:buffer";
import { createMiddleware } from "hono/factory";
import type { Caller } from "../../lib/auth/caller.ts";
import { StromboliError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";

/** `via`: the listener a request came in by. `source`: the address it came from, or `unix`. `open`: no token is needed. `target`:
 * the job that was made. */
export type Variables = {
  Bindings: { via: "unix" | "tcp" };
  Variables: { requestId: string; caller: Caller; source: string; open: boolean; target?: string };
};

/** Gives every request an id, the caller's own when it is a fit one, and logs one line about it. */
export const identify = (log: Log) =>
  createMiddleware<Variables>(async (c, next) => {
    const given = c.req.header("x-request-id") ?? "";
    const requestId = /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : crypto.randomUUID();
    c.set("requestId", requestId);
    const began = performance.now();
    await next();
    if (c.req.method === "HEAD") await c.res.body?.cancel(); // nobody reads it, and a file behind it would stay open
    c.res.headers.set("X-Request-ID", requestId);
    const ms = Math.round(performance.now() - began);
    log.info({ request: requestId, method: c.req.method, path: c.req.path, status: c.res.status, ms }, "request");
  });

/** Bodies are JSON whatever their Content-Type says, as `curl -d '{…}'` must work; in UTF-8, and nothing near it. */
export const assumeJson = createMiddleware(async (c, next) => {
  if (c.req.method !== "GET" && c.req.method !== "HEAD") {
    c.req.raw.headers.set("content-type", "application/json");
    if (!isUtf8(Buffer.from(await c.req.arrayBuffer())))
      throw new StromboliError("invalid_request", "the body is not UTF-8");
  }
  await next();
});
