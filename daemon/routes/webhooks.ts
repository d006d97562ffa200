import { createRoute, z } from "@hono/zod-openapi";
import { ownerFor } from "../../lib/auth/caller.ts";
import { StromboliError } from "../../lib/errors.ts";
import { withoutUndefined } from "../../lib/given.ts";
import { Delivery, DeliveryList, DeliveryQuery } from "../../lib/schema/webhook.ts";
import type { Delivery as Row, DeliveryStore } from "../../lib/store/deliveries.ts";
import type { Outbox } from "../../lib/webhooks/outbox.ts";
import * as example from "./examples.ts";
import { failures, json, missing } from "./responses.ts";
import { createRouter } from "./router.ts";

const list = createRoute({
  method: "get",
  path: "/webhooks/deliveries",
  operationId: "listDeliveries",
  tags: ["webhooks"],
  summary: "List webhooks and what became of them, newest first",
  request: { query: DeliveryQuery },
  responses: { 200: json(DeliveryList, "One page", { deliveries: [example.delivery] }), ...failures },
});

const redeliver = createRoute({
  method: "post",
  path: "/webhooks/deliveries/{id}/redeliver",
  operationId: "redeliverWebhook",
  tags: ["webhooks"],
  summary: "Send a webhook again, whatever became of it",
  request: { params: z.object({ id: z.string().describe("Id of a delivery.") }) },
  responses: {
    202: json(Delivery, "It is due now, and tried for another 24 hours", {
      ...example.delivery,
      status: "pending",
      next_attempt_at: example.delivery.created_at,
    }),
    ...failures,
    ...missing,
  },
});

export const webhookRoutes = ({
  outbox,
  deliveries,
}: {
  outbox: Pick<Outbox, "redeliver">;
  deliveries: Pick<DeliveryStore, "list">;
}) =>
  createRouter()
    .openapi(list, (c) => {
      const { job_id: jobId, limit = 50, ...query } = c.req.valid("query");
      const page = deliveries.list({
        limit,
        owner: ownerFor(c.get("caller")),
        ...withoutUndefined({ jobId, ...query }),
      });
      const next = page.nextCursor === undefined ? {} : { next_cursor: String(page.nextCursor) };
      return c.json({ deliveries: page.deliveries.map(toDelivery), ...next }, 200);
    })
    .openapi(redeliver, (c) => {
      const { id } = c.req.valid("param");
      const row = outbox.redeliver(id, ownerFor(c.get("caller")));
      if (!row) throw new StromboliError("delivery_not_found", `there is no delivery ${id}`);
      return c.json(toDelivery(row), 202);
    });

const toDelivery = (row: Row): Delivery => ({
  id: row.id,
  job_id: row.jobId,
  url: row.url,
  status: row.state,
  attempts: row.attempts,
  created_at: timeOf(row.createdAt),
  next_attempt_at: row.nextAttemptAt === null ? null : timeOf(row.nextAttemptAt),
  last_attempt_at: row.lastAttemptAt === null ? null : timeOf(row.lastAttemptAt),
  last_status_code: row.lastStatus,
  last_error: row.lastError,
});

const timeOf = (ms: number): string => new Date(ms).toISOString();
