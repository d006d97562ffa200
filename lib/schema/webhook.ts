import { z } from "zod";
import { numberIn, RunResponse } from "./job.ts";

/** What a receiver gets when a job has ended. */
export const WebhookBody = z
  .object({
    job_id: z.string(),
    ...RunResponse.pick({
      status: true,
      outcome: true,
      output: true,
      output_truncated: true,
      error: true,
      session_id: true,
      usage: true,
      crash_info: true,
    }).shape,
  })
  .meta({ id: "WebhookBody" });
export type WebhookBody = z.output<typeof WebhookBody>;

const DeliveryStatus = z.enum(["pending", "delivered", "failed"]);

export const Delivery = z
  .object({
    id: z.string().describe("The X-Stromboli-Delivery header; the same on every attempt."),
    job_id: z.string(),
    url: z.string(),
    status: DeliveryStatus,
    attempts: z.int().nonnegative(),
    created_at: z.iso.datetime(),
    next_attempt_at: z.iso.datetime().nullable(),
    last_attempt_at: z.iso.datetime().nullable(),
    last_status_code: z.int().nullable().describe("What the receiver answered last; null when it did not."),
    last_error: z.string().nullable(),
  })
  .meta({ id: "Delivery" });
export type Delivery = z.output<typeof Delivery>;

export const DeliveryQuery = z
  .strictObject({
    status: DeliveryStatus,
    job_id: z.string(),
    limit: numberIn(1, 500).describe("At most so many; 50 by default."),
    cursor: numberIn(1, Number.MAX_SAFE_INTEGER).describe("next_cursor of the page before."),
  })
  .partial();
export type DeliveryQuery = z.output<typeof DeliveryQuery>;

export const DeliveryList = z
  .object({ deliveries: z.array(Delivery), next_cursor: z.string().optional() })
  .meta({ id: "DeliveryList" });
export type DeliveryList = z.output<typeof DeliveryList>;
