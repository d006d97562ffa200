import type { Db } from "./database.ts";

export type AuditRow = {
  seq: number;
  at: number;
  caller: string;
  source: string;
  action: string;
  target: string | null;
  decision: "allowed" | "refused";
  code: string | null;
  requestId: string;
  hash: string;
};
type Filter = {
  caller?: string | undefined;
  decision?: AuditRow["decision"] | undefined;
  cursor?: number | undefined;
  limit: number;
};

export type AuditStore = ReturnType<typeof createAuditStore>;

const columns = "seq, at, caller, source, action, target, decision, code, request_id as requestId, hash";

/** Entries are added; the database itself refuses to change or to remove one. */
export const createAuditStore = (db: Db) => {
  const last = db.prepare<[], Pick<AuditRow, "seq" | "hash">>("select seq, hash from audit order by seq desc limit 1");
  const insert = db.prepare(`
    insert into audit (seq, at, caller, source, action, target, decision, code, request_id, hash)
    values (@seq, @at, @caller, @source, @action, @target, @decision, @code, @requestId, @hash)`);
  const newest = db.prepare<[Record<string, unknown>], AuditRow>(`
    select ${columns} from audit
    where (@caller is null or caller = @caller) and (@decision is null or decision = @decision)
      and (@cursor is null or seq < @cursor)
    order by seq desc limit @limit`);
  const after = db.prepare<[number, number], AuditRow>(
    `select ${columns} from audit where seq > ? order by seq limit ?`,
  );

  return {
    /** Adds what `entry` makes of the last row, in one transaction. */
    append: db.transaction((entry: (last: Pick<AuditRow, "seq" | "hash"> | undefined) => AuditRow): void => {
      insert.run(entry(last.get()));
    }),
    list: ({ limit, caller, decision, cursor }: Filter): AuditRow[] =>
      newest.all({ caller: caller ?? null, decision: decision ?? null, cursor: cursor ?? null, limit }),
    /** A page of entries behind one of them, oldest first. */
    after: (seq: number, limit: number): AuditRow[] => after.all(seq, limit),
  };
};
