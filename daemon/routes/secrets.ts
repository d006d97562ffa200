import { createRoute, z } from "@hono/zod-openapi";
import { Secret, SecretChanged, SecretList, SecretRequest } from "../../lib/schema/secret.ts";
import type { Secrets } from "../../lib/secrets.ts";
import * as example from "./examples.ts";
import { conflict, failures, json, missing } from "./responses.ts";
import { createRouter } from "./router.ts";

const params = z.object({ name: z.string().describe("Name of a secret.") });

const list = createRoute({
  method: "get",
  path: "/secrets",
  operationId: "listSecrets",
  tags: ["secrets"],
  summary: "List the secrets that runs may use, by name",
  description: "Those made here and those made with `podman secret create`. Values are never shown.",
  responses: { 200: json(SecretList, "All that the caller may use", { secrets: [example.secret] }), ...failures },
});

const create = createRoute({
  method: "post",
  path: "/secrets",
  operationId: "createSecret",
  tags: ["secrets"],
  summary: "Store a secret",
  request: {
    body: { ...json(SecretRequest, "Its name and value", { name: "github", value: "ghp_…" }), required: true },
  },
  responses: { 201: json(SecretChanged, "It is stored", { success: true, name: "github" }), ...failures, ...conflict },
});

const show = createRoute({
  method: "get",
  path: "/secrets/{name}",
  operationId: "getSecret",
  tags: ["secrets"],
  summary: "A secret without its value",
  request: { params },
  responses: { 200: json(Secret, "What is known of it", example.secret), ...failures, ...missing },
});

const remove = createRoute({
  method: "delete",
  path: "/secrets/{name}",
  operationId: "removeSecret",
  tags: ["secrets"],
  summary: "Remove a secret",
  request: { params },
  responses: {
    200: json(SecretChanged, "It is gone", { success: true, name: "github" }),
    ...failures,
    ...missing,
    ...conflict,
  },
});

export const secretRoutes = ({ secrets }: { secrets: Secrets }) =>
  createRouter()
    .openapi(list, async (c) => c.json({ secrets: await secrets.list(c.get("caller")) }, 200))
    .openapi(create, async (c) => {
      const request = c.req.valid("json");
      await secrets.create(c.get("caller"), request);
      return c.json({ success: true as const, name: request.name }, 201);
    })
    .openapi(show, async (c) => c.json(await secrets.find(c.get("caller"), c.req.valid("param").name), 200))
    .openapi(remove, async (c) => {
      const { name } = c.req.valid("param");
      await secrets.remove(c.get("caller"), name);
      return c.json({ success: true as const, name }, 200);
    });
