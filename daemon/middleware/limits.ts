import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { createTriedTokens } from "../../lib/auth/tried-tokens.ts";
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
type Spend = (c: Context<Variables>, limiters: readonly Limiter[], key: string) => void;

export type Limits = ReturnType<typeof createLimits>;

/** Rate limits for what comes over TCP; the user of the unix socket could take all of the machine without us. */
export const createLimits = ({ requests, runs, auth }: Config["rate_limits"], clocks: Clocks) => {
  const limiter = (text: string, what: string): Limiter[] =>
    text === "off" ? [] : [{ ...createRateLimiter(rateOf(text), clocks.monotonic), what }];
  const [ofRequests, ofRuns] = [limiter(requests, "requests"), limiter(runs, "new runs")];

  const spend: Spend = (c, limiters, key) => {
    for (const { rate, what, take } of limiters) {
      const taken = take(key);
      const headers = headersOf(rate.most, taken, clocks.now());
      c.set("limits", headers); // of several, the narrower comes last
      if (!taken.allowed) throw tooMany(what, { rate: rate.text, retryMs: taken.retryMs, headers });
    }
  };

  return {
    ...createGuessLimits(limiter(auth, "failed logins and wrong tokens"), spend),

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

/** How often an address may fail to log in, have a wrong token, or none where one is needed. */
const createGuessLimits = (limiters: readonly Limiter[], spend: Spend) => {
  const tried = createTriedTokens();

  return {
    /**
     * Looks at a token. That is paid for before, lest many guesses at the same time cost as little as one, and given back for
     * a good token. Who cannot pay is told nothing of a token, unless it was good from the same address before: that one is
     * no guess, and whoever has it is not held up by others.
     */
    lookAt: async <Value>(c: Context<Variables>, token: string, look: () => Promise<Value>): Promise<Value> => {
      if (c.env.via === "unix") return look();
      const network = networkOf(c.get("source"));
      return tried.attempt({ network, token }, async (isKnown) => {
        if (isKnown) return look();
        const before = c.get("limits") ?? {};
        c.set("hasPaid", true);
        spend(c, limiters, network);
        const seen = await look();
        for (const { giveBack } of limiters) giveBack(network);
        c.set("hasPaid", false);
        c.set("limits", before);
        return seen;
      });
    },

    /** Tokens are given out: they are good there. */
    welcome(c: Context<Variables>, tokens: readonly string[]): void {
      for (const token of tokens) tried.remember(networkOf(c.get("source")), token);
    },

    /** Counts what has failed and is not paid for yet. */
    ofStrangers: createMiddleware<Variables>(async (c, next) => {
      if (c.env.via === "unix") return next();
      await next();
      if (hasFailed(c) && !c.get("hasPaid")) spend(c, limiters, networkOf(c.get("source")));
      for (const [name, value] of Object.entries(c.get("limits") ?? {})) c.res.headers.set(name, value);
    }),
  };
};

const hasFailed = ({ req, res: { status } }: Context<Variables>): boolean =>
  status === 401 || (status >= 400 && status !== 429 && req.method === "POST" && req.path.startsWith("/auth/"));

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
