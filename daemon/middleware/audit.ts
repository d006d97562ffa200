import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Audit, NewEntry } from "../../lib/audit.ts";
import { messageOf, StromboliError } from "../../lib/errors.ts";
import { createRateLimiter } from "../../lib/rate-limit.ts";
import { rateOf } from "../../lib/schema/units.ts";
import type { Log } from "../../lib/log.ts";
import { callerOf, type Variables } from "./request.ts";

const longestAction = 200;
const mostOfOne = rateOf("60/m");

/**
 * Writes down what changes something, and whom what was refused, before the answer goes out. Strangers without a token,
 * and callers who are told that they ask too often, could fill the disk: of theirs no more than some in a minute are
 * kept. That an entry cannot be written is logged; the work is done, and its answer is due.
 */
export const record = (audit: Pick<Audit, "write">, { log, now }: { log: Log; now: () => number }) => {
  const [strangers, hasty] = [createRateLimiter(mostOfOne, now), createRateLimiter(mostOfOne, now)];

  const isFlood = (caller: string, status: number): boolean => {
    if (caller === "nobody") return !strangers.take(caller).allowed;
    return status === 429 && !hasty.take(caller).allowed;
  };

  return createMiddleware<Variables>(async (c, next) => {
    await next();
    const { method, path } = c.req;
    if (!isChange(method, path) && !refusals.has(c.res.status)) return;
    const caller = callerOf(c)?.name ?? "nobody";
    if (c.res.status >= 400 && isFlood(caller, c.res.status)) return;
    try {
      audit.write(entryOf(c, caller));
    } catch (error) {
      log.error({ request: c.get("requestId"), error: messageOf(error) }, "what was asked could not be written down");
    }
  });
};

const entryOf = (c: Context<Variables>, caller: string): NewEntry => ({
  caller,
  source: c.get("source"),
  action: `${c.req.method} ${c.req.path}`.replaceAll(/\p{Cc}/gu, "?").slice(0, longestAction),
  target: c.get("target") ?? null,
  decision: c.res.status < 400 ? "allowed" : "refused",
  code: c.error ? codeOf(c.error) : null,
  requestId: c.get("requestId"),
});

const refusals = new Set([401, 403, 429]);

const isChange = (method: string, path: string): boolean =>
  !["GET", "HEAD", "OPTIONS"].includes(method) || path === "/run/stream";

const codeOf = (error: Error): string => (error instanceof StromboliError ? error.code : "internal");
