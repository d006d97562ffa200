import { isUtf8 } from "node:buffer";
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Caller } from "../../lib/auth/caller.ts";
import { StromboliError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { JobTrace } from "../../lib/traces/trace.ts";

export type Variables = {
  Bindings: {
    /** The listener a request came in by. */
    via: "unix" | "tcp";
    /** The address that has the connection; nobody's on the unix socket. */
    peer: string;
  };
  Variables: {
    requestId: string;
    /** Who asks; see {@link callerOf} for where that may not be known. */
    caller: Caller;
    /** The address that a request came from, or `unix`. */
    source: string;
    /** No token is needed. */
    open: boolean;
    /** Where a job stands in a trace that the request makes. */
    trace: JobTrace | undefined;
    /** The job that was made. */
    target?: string;
    /** A token was looked at for which its address has paid. */
    hasPaid?: boolean;
    /** Headers that tell how much more a caller may ask for. */
    limits?: Readonly<Record<string, string>>;
  };
};

/** Who asks, when that is known: not before it is found out, nor where nobody has to be. */
export const callerOf = (c: Context<Variables>): Caller | undefined => c.get("caller");

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
    const body = Buffer.from(await c.req.arrayBuffer().catch(brokenOff));
    if (!isUtf8(body)) throw new StromboliError("invalid_request", "the body is not UTF-8");
    if (hasHalfPair(body.toString("latin1")))
      throw new StromboliError("invalid_request", "the body has half of a surrogate pair; write the character itself");
  }
  await next();
});

/** Such a half is no character: it would be stored, and told to the agent, as another one. */
const hasHalfPair = (json: string): boolean => {
  if (!/\\ud/i.test(json)) return false;
  const escapes = json.match(/(?:\\u[\da-f]{4})+|\\./gi) ?? []; // a backslash that is escaped begins no other escape
  return escapes.some((run) => run.length > 2 && !(JSON.parse(`"${run}"`) as string).isWellFormed());
};

/** A client that went in the middle of its body, or was sent away for its slowness: nobody reads this, but it is no bug. */
const brokenOff = (cause: unknown): never => {
  if (cause instanceof Error && "code" in cause && cause.code === "ECONNRESET")
    throw new StromboliError("invalid_request", "the body broke off", { cause });
  throw cause;
};
