import { createRoute } from "@hono/zod-openapi";
import type { Audit } from "../../lib/audit.ts";
import { AuditList, AuditQuery, AuditVerdict, type AuditEntry } from "../../lib/schema/audit.ts";
import type { AuditRow } from "../../lib/store/audit.ts";
import * as example from "./examples.ts";
import { failures, json } from "./responses.ts";
import { createRouter } from "./router.ts";

const list = createRoute({
  method: "get",
  path: "/audit",
  operationId: "listAuditEntries",
  tags: ["access"],
  summary: "Who did what, and what was refused, newest first",
  request: { query: AuditQuery },
  responses: { 200: json(AuditList, "One page", { entries: [example.auditEntry] }), ...failures },
});

const verify = createRoute({
  method: "get",
  path: "/audit/verify",
  operationId: "verifyAudit",
  tags: ["access"],
  summary: "Check that no entry was changed, left out or put in",
  responses: {
    200: json(AuditVerdict, "What came of it", {
      ok: true,
      entries: 17,
      head: example.auditEntry.hash,
      broken_at: null,
    }),
    ...failures,
  },
});

export const auditRoutes = ({ audit }: { audit: Pick<Audit, "list" | "verify"> }) =>
  createRouter()
    .openapi(list, (c) => {
      const { limit = 50, ...filter } = c.req.valid("query");
      const rows = audit.list({ ...filter, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const next = rows.length > limit ? { next_cursor: String(page.at(-1)?.seq) } : {};
      return c.json({ entries: page.map(toEntry), ...next }, 200);
    })
    .openapi(verify, async (c) => c.json(await audit.verify(), 200));

const toEntry = ({ at, requestId, ...row }: AuditRow): AuditEntry => ({
  ...row,
  at: new Date(at).toISOString(),
  request_id: requestId,
});
