import { createMiddleware } from "hono/factory";
import { localCaller } from "../../lib/auth/caller.ts";
import type { Variables } from "./request.ts";

/** Finds out who asks. */
export const authenticate = () =>
  createMiddleware<Variables>(async (c, next) => {
    c.set("caller", localCaller);
    c.set("source", "unix");
    await next();
  });
