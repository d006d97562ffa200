import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { networkOf } from "../../lib/client-address.ts";
import { StromboliError } from "../../lib/errors.ts";
import { createRateLimiter, type RateLimiter, type Taken } from "../../lib/rate-limit.ts";
import type { Config } from "../../lib/schema/config.ts";
import { rateOf } from "../../lib/schema/units.ts";
import { callerOf, type Variables } from "./request.ts";

type Clocks = {
  /** Milliseconds that never step back. */
  monotonic: () => number;
  now: () => number;
};
type Limiter = RateLimiter & { what: string };

/** Rate limits for what comes over TCP; the user of the unix socket could take all of the machine without us. */
export const createLimits = ({ requests, runs, auth }: Config["rate_limits"], clocks: Clocks) => {
  const limiter = (text: string, what: string): Limiter[] =>
    text === "off" ? [] : [{ ...createRateLimiter(rateOf(text), clocks.monotonic), what }];
  const [ofRequests, ofRuns] = [limiter(requests, "requests"), limiter(runs, "new runs")];
  const ofLogins = limiter(auth, "logins and wrong tokens");

  const spend = (c: Context<Variables>, limiters: readonly Limiter[], key: string): void => {
    for (const { rate, what, take } of limiters) {
      const taken = take(key);
      const headers = headersOf(rate.most, taken, clocks.now());
      c.set("limits", headers); // of several, the narrower comes last
      if (!taken.allowed) throw tooMany(what, { rate: rate.text, retryMs: taken.retryMs, headers });
    }
  };

  return {
    /** Before a token is looked at: how often an address may log in, and be wrong. */
    ofStrangers: createMiddleware<Variables>(async (c, next) => {
      if (c.env.via === "unix") return next();
      const key = networkOf(c.get("source"));
      const isLogin = c.req.path.startsWith("/auth/") && c.req.method === "POST";
      if (isLogin) spend(c, ofLogins, key);
      await next();
      if (!isLogin && c.res.status === 401) spend(c, ofLogins, key);
      for (const [name, value] of Object.entries(c.get("limits") ?? {})) c.res.headers.set(name, value);
    }),

    /** Once it is known who asks: how often a caller may, or an address without one. */
    ofCallers: createMiddleware<Variables>(async (c, next) => {
      if (c.env.via === "unix" || isProbe(c.req.path)) return next();
      const caller = callerOf(c);
      const key = caller?.tokenId ? `token ${caller.name}` : networkOf(c.get("source"));
      spend(c, [...ofRequests, ...(startsRun(c) ? ofRuns : [])], key);
      await next();
    }),
  };
};

/** Who watches over the daemon is to hear that it lives, however busy it is. */
const isProbe = (path: string): boolean => /^\/(healthz|readyz)$/.test(path);

const startsRun = ({ req }: Context<Variables>): boolean =>
  (req.method === "POST" ? /^\/run(\/|$)/ : /^\/run\/stream$/).test(req.path) && req.query("dry_run") !== "true";

const headersOf = (most: number, { remaining, resetMs }: Taken, now: number): Record<string, string> => ({
  "X-RateLimit-Limit": String(most),
  "X-RateLimit-Remaining": String(remaining),
  "X-RateLimit-Reset": String(Math.ceil((now + resetMs) / 1000)),
});

type Refusal = { rate: string; retryMs: number; headers: Readonly<Record<string, string>> };

const tooMany = (what: string, { rate, retryMs, headers }: Refusal): StromboliError => {
  const seconds = Math.max(1, Math.ceil(retryMs / 1000));
  return new StromboliError("rate_limited", `too many ${what}: the limit is ${rate}; try again in ${seconds} s`, {
    headers: { ...headers, "Retry-After": String(seconds) },
  });
};
