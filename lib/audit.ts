import { createHash } from "node:crypto";
import { setImmediate as yieldToOthers } from "node:timers/promises";
import type { AuditVerdict } from "./schema/audit.ts";
import type { AuditRow, AuditStore } from "./store/audit.ts";

export type Audit = ReturnType<typeof createAudit>;
export type NewEntry = Omit<AuditRow, "seq" | "hash" | "at">;

const start = "0".repeat(64);
const pageSize = 5000;

/** The record of who did what. Each entry's hash covers the one before it, so that none can be changed or left out. */
export const createAudit = ({ audit, now }: { audit: AuditStore; now: () => number }) => ({
  write: (entry: NewEntry): void =>
    audit.append((last) => {
      const row = { ...entry, seq: (last?.seq ?? 0) + 1, at: now() };
      return { ...row, hash: hashOf(row, last?.hash ?? start) };
    }),

  list: audit.list,

  /** Goes through all entries, some at a time. */
  async verify(): Promise<AuditVerdict> {
    let [seq, head] = [0, start];
    for (;;) {
      const page = audit.after(seq, pageSize);
      for (const row of page) {
        if (row.seq !== seq + 1 || row.hash !== hashOf(row, head))
          return { ok: false, entries: seq, head, broken_at: seq + 1 };
        [seq, head] = [row.seq, row.hash];
      }
      if (page.length < pageSize) return { ok: true, entries: seq, head, broken_at: null };
      await yieldToOthers();
    }
  },
});

/** SHA-256 of a JSON array: the hash before, then the fields in this order. */
const hashOf = (row: Omit<AuditRow, "hash">, before: string): string => {
  const { seq, at, caller, source, action, target, decision, code, requestId } = row;
  const fields = [before, seq, at, caller, source, action, target, decision, code, requestId];
  return createHash("sha256").update(JSON.stringify(fields)).digest("hex");
};
