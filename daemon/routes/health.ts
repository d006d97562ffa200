import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { noCredentials, type Credential } from "../../lib/credentials.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Health as HealthChecks } from "../../lib/health.ts";
import { ClaudeStatus, Health } from "../../lib/schema/health.ts";
import { version } from "../../lib/version.ts";
import type { Variables } from "../middleware/request.ts";
import * as example from "./examples.ts";
import { failures, json } from "./responses.ts";

const health = createRoute({
  method: "get",
  path: "/health",
  operationId: "getHealth",
  tags: ["daemon"],
  summary: "How the daemon and what it depends on are",
  responses: { 200: json(Health, "Always 200; `status` tells", example.health), ...failures },
});

const healthz = createRoute({
  method: "get",
  path: "/healthz",
  operationId: "getLiveness",
  tags: ["daemon"],
  summary: "Whether the daemon is alive",
  responses: { 200: json(Health.pick({ status: true }), "It answers", { status: "ok" }), ...failures },
});

const readyz = createRoute({
  method: "get",
  path: "/readyz",
  operationId: "getReadiness",
  tags: ["daemon"],
  summary: "Whether the daemon can run agents",
  responses: {
    ...failures,
    200: json(Health, "It can", example.health),
    503: json(Health, "It cannot; components say why"),
  },
});

const claudeStatus = createRoute({
  method: "get",
  path: "/claude/status",
  operationId: "getClaudeStatus",
  tags: ["daemon"],
  summary: "Whether the CLI and credentials are there",
  responses: {
    200: json(ClaudeStatus, "The credential itself is never shown", {
      configured: true,
      message: "Claude is configured",
      cli_version: "2.1.330",
      credentials: "api_key",
    }),
    ...failures,
  },
});

export const healthRoutes = ({
  health: checks,
  credential,
  installedCli,
}: {
  health: HealthChecks;
  credential: () => Credential | undefined;
  /** The version of the CLI that runs use. */
  installedCli: string;
}) => {
  /** Warnings name paths and users, which is nothing for the network: this route asks nobody for a token. */
  const report = async (c: Context<Variables>) => {
    const components = await checks.components();
    const status = components.every((component) => component.status === "ok") ? ("ok" as const) : ("degraded" as const);
    const known = { status, name: "stromboli" as const, version, components };
    return c.get("open") ? { ...known, warnings: [...checks.warnings()] } : known;
  };

  return new OpenAPIHono<Variables>()
    .openapi(health, async (c) => c.json(await report(c), 200))
    .openapi(healthz, (c) => c.json({ status: "ok" as const }, 200))
    .openapi(readyz, async (c) => {
      const body = await report(c);
      return body.status === "ok" && !checks.isDraining() ? c.json(body, 200) : c.json(body, 503);
    })
    .openapi(claudeStatus, (c) => {
      const { credentials, message } = describe(credential);
      const configured = credentials !== "none";
      return c.json({ configured, message, cli_version: installedCli, credentials }, 200);
    });
};

const describe = (credential: () => Credential | undefined) => {
  try {
    const kind = credential()?.kind;
    if (kind) return { credentials: kind, message: "Claude is configured" };
    return { credentials: "none" as const, message: noCredentials().message };
  } catch (error) {
    return { credentials: "none" as const, message: messageOf(error) };
  }
};
