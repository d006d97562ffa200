import { createMiddleware } from "hono/factory";
import { clientAddress, proxiesOf } from "../../lib/client-address.ts";
import type { Variables } from "./request.ts";

/** Finds out where a request came from. */
export const locate = (trustedProxies: readonly string[]) => {
  const trusted = proxiesOf(trustedProxies);
  return createMiddleware<Variables>(async (c, next) => {
    const { via, peer } = c.env;
    const forwardedFor = c.req.header("x-forwarded-for");
    c.set("source", via === "unix" ? via : clientAddress({ peer, forwardedFor }, trusted));
    await next();
  });
};
