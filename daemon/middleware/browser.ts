import { createMiddleware } from "hono/factory";
import { isLoopback } from "../../lib/auth/open.ts";
import { StromboliError } from "../../lib/errors.ts";

type Rules = { allowedHosts: readonly string[]; corsOrigins: readonly string[] };

/**
 * Keeps web pages from driving the daemon: a page can make a browser send requests here, by name (DNS rebinding) or
 * across origins, and neither kind gets past this.
 */
export const refuseBrowsers = ({ allowedHosts, corsOrigins }: Rules) => {
  const hosts = new Set(allowedHosts.map((host) => host.toLowerCase()));
  const isOurs = (host: string) => isLoopback(host) || hosts.has(host);

  return createMiddleware(async (c, next) => {
    const [host = "", origin] = [c.req.header("host"), c.req.header("origin")];
    const hasToken = c.req.header("authorization") !== undefined; // which no page knows
    if (!hasToken && !isOurs(hostOf(host)))
      throw new StromboliError("host_not_allowed", `the Host header names ${hostOf(host) || "nothing"}`);

    const site = c.req.header("sec-fetch-site");
    const foreign = origin === undefined ? isElsewhere(site) : !isSameOrigin(origin, host);
    if (foreign && !corsOrigins.includes(origin ?? ""))
      throw new StromboliError("origin_not_allowed", `requests from ${origin ?? "another site"} are refused`);
    await next();
  });
};

export const hostOf = (header: string): string => header.toLowerCase().replace(/:\d+$/, "");

const isElsewhere = (site: string | undefined): boolean => site === "cross-site" || site === "same-site";

const isSameOrigin = (origin: string, host: string): boolean =>
  URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
