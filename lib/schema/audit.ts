import { z } from "zod";
import { numberIn } from "./job.ts";

const Decision = z.enum(["allowed", "refused"]);

export const AuditQuery = z.strictObject({
  caller: z.string().max(64).optional().describe("Only what this caller did."),
  decision: Decision.optional(),
  limit: numberIn(1, 500).optional().describe("50 by default."),
  cursor: numberIn(1, Number.MAX_SAFE_INTEGER).optional().describe("next_cursor of the page before."),
});

export const AuditEntry = z
  .object({
    seq: z.int(),
    at: z.iso.datetime(),
    caller: z.string().describe("The token's name, local, or nobody."),
    source: z.string().describe("The address that the request came from, or unix."),
    action: z.string().describe("Method and path, without the query."),
    target: z.string().nullable().describe("The job that was made."),
    decision: Decision,
    code: z.string().nullable().describe("Why it was refused."),
    request_id: z.string(),
    hash: z.string(),
  })
  .meta({ id: "AuditEntry" });
export type AuditEntry = z.output<typeof AuditEntry>;

export const AuditList = z
  .object({ entries: z.array(AuditEntry), next_cursor: z.string().optional() })
  .meta({ id: "AuditList" });

export const AuditVerdict = z
  .object({
    ok: z.boolean(),
    entries: z.int().describe("How many fit."),
    head: z.string().describe("The hash of the last one that fits: keep it elsewhere, and a cut end shows."),
    broken_at: z.int().nullable().describe("The first entry that does not fit."),
  })
  .meta({ id: "AuditVerdict" });
export type AuditVerdict = z.output<typeof AuditVerdict>;
