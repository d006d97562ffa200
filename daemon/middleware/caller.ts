import { createMiddleware } from "hono/factory";
import type { Auth } from "../../lib/auth/auth.ts";
import { may } from "../../lib/auth/caller.ts";
import { isOpen } from "../../lib/auth/open.ts";
import { scopeOf } from "../../lib/auth/scopes.ts";
import { StromboliError } from "../../lib/errors.ts";
import type { Config } from "../../lib/schema/config.ts";
import { hostOf } from "./browser.ts";
import type { Limits } from "./limits.ts";
import type { Variables } from "./request.ts";

/** Finds out who asks, and refuses what a token's scopes do not cover. */
export const authenticate = (
  { identify, lookAt }: Pick<Auth, "identify"> & Pick<Limits, "lookAt">,
  { auth: { required }, server }: Pick<Config, "auth" | "server">,
) =>
  createMiddleware<Variables>(async (c, next) => {
    const open = isOpen({
      via: c.env.via,
      boundTo: server.host,
      required,
      host: hostOf(c.req.header("host") ?? ""),
      hasHeader: (name) => c.req.header(name) !== undefined,
    });
    c.set("open", open);
    const needed = scopeOf(c.req.method, c.req.path);
    if (needed === "public") return next();
    const bearer = bearerOf(c.req.header("authorization"));
    const ask = () => identify(bearer, { open });
    const caller = await (bearer === undefined ? ask() : lookAt(c, bearer, ask));
    c.set("caller", caller);
    if (needed === "unknown" && !may(caller, "admin"))
      throw new StromboliError("not_found", `there is no ${c.req.method} ${c.req.path}; see GET /openapi.json`);
    if (needed !== "unknown" && needed !== "any" && !may(caller, needed))
      throw new StromboliError("forbidden", `the token of ${caller.name} does not have the scope ${needed}`);
    return next();
  });

/** The token of an Authorization header; other schemes are not ours, and nobody's. */
export const bearerOf = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined;
  return /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(header)?.[1] ?? "";
};
