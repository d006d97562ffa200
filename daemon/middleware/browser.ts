import { createMiddleware } from "hono/factory";
import { StromboliError } from "../../lib/errors.ts";

type Rules = { allowedHosts: readonly string[]; corsOrigins: readonly string[] };

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Keeps web pages from driving the daemon: a page can make a browser send requests here, by name (DNS rebinding) or
 * across origins, and neither kind gets past this.
 */
export const refuseBrowsers = ({ allowedHosts, corsOrigins }: Rules) => {
  const hosts = new Set(allowedHosts.map((host) => host.toLowerCase()));
  const isOurs = (host: string) => loopback.test(host) || hosts.has(host);

  return createMiddleware(async (c, next) => {
    const host = hostOf(c.req.header("host") ?? "");
    if (!isOurs(host)) throw new StromboliError("host_not_allowed", `the Host header names ${host || "nothing"}`);

    const origin = c.req.header("origin");
    const site = c.req.header("sec-fetch-site");
    const trusted = origin !== undefined && corsOrigins.includes(origin);
    const foreign =
      origin === undefined
        ? site === "cross-site" || site === "same-site"
        : !isSameOrigin(origin, c.req.header("host"));
    if (foreign && !trusted)
      throw new StromboliError("origin_not_allowed", `requests from ${origin ?? "another site"} are refused`);
    await next();
  });
};

const hostOf = (header: string): string => header.toLowerCase().replace(/:\d+$/, "");

const isSameOrigin = (origin: string, host: string | undefined): boolean =>
  URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
