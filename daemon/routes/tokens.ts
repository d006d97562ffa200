import { createRoute, z } from "@hono/zod-openapi";
import type { ApiTokens } from "../../lib/auth/api-tokens.ts";
import { NewToken, TokenList, TokenRequest, TokenRevoked } from "../../lib/schema/auth.ts";
import * as example from "./examples.ts";
import { conflict, failures, json, missing } from "./responses.ts";
import { createRouter } from "./router.ts";

const create = createRoute({
  method: "post",
  path: "/tokens",
  operationId: "createToken",
  tags: ["access"],
  summary: "Make an API token",
  description: "The answer shows it, and nothing ever does again.",
  request: {
    body: {
      ...json(TokenRequest, "Whose token, and what for", { name: "ci", scopes: ["read", "run"] }),
      required: true,
    },
  },
  responses: { 201: json(NewToken, "The token", { ...example.token, token: "stk_…" }), ...failures, ...conflict },
});

const list = createRoute({
  method: "get",
  path: "/tokens",
  operationId: "listTokens",
  tags: ["access"],
  summary: "List the API tokens that are good",
  responses: { 200: json(TokenList, "All of them, by name", { tokens: [example.token] }), ...failures },
});

const revoke = createRoute({
  method: "delete",
  path: "/tokens/{name}",
  operationId: "revokeToken",
  tags: ["access"],
  summary: "Revoke an API token, and with it all access tokens that it was used for",
  request: { params: z.object({ name: z.string().describe("The token's name.") }) },
  responses: {
    200: json(TokenRevoked, "It is good for nothing any more", { success: true, name: "ci" }),
    ...failures,
    ...missing,
  },
});

export const tokenRoutes = ({ apiTokens }: { apiTokens: ApiTokens }) =>
  createRouter()
    .openapi(create, (c) => c.json(apiTokens.create(c.req.valid("json")), 201))
    .openapi(list, (c) => c.json({ tokens: apiTokens.list() }, 200))
    .openapi(revoke, (c) => {
      const { name } = c.req.valid("param");
      apiTokens.revoke(name);
      return c.json({ success: true as const, name }, 200);
    });
