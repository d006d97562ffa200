import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Auth } from "../../lib/auth/auth.ts";
import { StromboliError } from "../../lib/errors.ts";
import { LoggedOut, LoginRequest, RefreshRequest, TokenPair, Validated } from "../../lib/schema/auth.ts";
import { bearerOf } from "../middleware/caller.ts";
import type { Limits } from "../middleware/limits.ts";
import type { Variables } from "../middleware/request.ts";
import * as example from "./examples.ts";
import { failures, json } from "./responses.ts";
import { createRouter } from "./router.ts";

const login = createRoute({
  method: "post",
  path: "/auth/token",
  operationId: "createAccessToken",
  tags: ["access"],
  summary: "Get an access token for an API token",
  description: "The access token may do what the API token may, and ends with it. Where no token is needed, none is.",
  request: { body: { ...json(LoginRequest, "Who asks", { client_id: "my-laptop" }), required: true } },
  responses: { 200: json(TokenPair, "An access token and a refresh token", example.tokenPair), ...failures },
});

const refresh = createRoute({
  method: "post",
  path: "/auth/refresh",
  operationId: "refreshAccessToken",
  tags: ["access"],
  summary: "Get the next pair of tokens",
  description: "A refresh token is good once: when one comes again, all tokens of its login are revoked.",
  request: {
    body: {
      ...json(RefreshRequest, "The refresh token", { refresh_token: example.tokenPair.refresh_token }),
      required: true,
    },
  },
  responses: { 200: json(TokenPair, "The next pair", example.tokenPair), ...failures },
});

const validate = createRoute({
  method: "get",
  path: "/auth/validate",
  operationId: "validateAccessToken",
  tags: ["access"],
  summary: "Ask whether an access token is good",
  responses: {
    200: json(Validated, "It is", { valid: true, subject: "my-laptop", expires_at: 1_769_860_800 }),
    ...failures,
  },
});

const logout = createRoute({
  method: "post",
  path: "/auth/logout",
  operationId: "revokeAccessToken",
  tags: ["access"],
  summary: "Revoke an access token and all others of its login, for good",
  responses: { 200: json(LoggedOut, "They are revoked", { success: true, message: "logged out" }), ...failures },
});

type Deps = { auth: Auth; limits: Pick<Limits, "lookAt" | "welcome"> };

export const authRoutes = ({ auth, limits }: Deps) =>
  createRouter()
    .openapi(login, async (c) => {
      const { client_id } = c.req.valid("json");
      const pair = await auth.login(c.get("caller"), client_id);
      limits.welcome(c, [pair.access_token, pair.refresh_token]);
      return c.json(pair, 200);
    })
    .openapi(refresh, async (c) => {
      const { refresh_token } = c.req.valid("json");
      const pair = await limits.lookAt(c, refresh_token, () => auth.refresh(refresh_token, { open: c.get("open") }));
      limits.welcome(c, [pair.access_token, pair.refresh_token]);
      return c.json(pair, 200);
    })
    .openapi(validate, async (c) => c.json(await auth.validate(tokenOf(c), { open: c.get("open") }), 200))
    .openapi(logout, async (c) => {
      await auth.logout(tokenOf(c), { open: c.get("open") });
      return c.json({ success: true as const, message: "logged out" }, 200);
    });

/** Also where no token is needed, these two are about one. */
const tokenOf = (c: Context<Variables>): string => {
  const token = bearerOf(c.req.header("authorization"));
  if (token === undefined)
    throw new StromboliError("unauthorized", "send the access token as Authorization: Bearer TOKEN");
  return token;
};
