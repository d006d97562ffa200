import type { Db } from "./database.ts";

export type Session = {
  id: string;
  title: string;
  workdir: string;
  createdAt: number;
  lastUsedAt: number;
  runs: number;
  totalCostUsd: number;
};

type Row = {
  id: string;
  title: string;
  workdir: string;
  created_at: number;
  last_used_at: number;
  runs: number;
  total_cost_usd: number;
};

export type SessionStore = ReturnType<typeof createSessionStore>;

export const createSessionStore = (db: Db) => {
  const insert = db.prepare(
    "insert into sessions (id, title, workdir, created_at, last_used_at) values (?, ?, ?, ?, ?)",
  );
  const byId = db.prepare<[string], Row>("select * from sessions where id = ?");
  const newest = db.prepare<[string], Row>(
    "select * from sessions where workdir = ? order by last_used_at desc limit 1",
  );
  const used = db.prepare(`
    update sessions set last_used_at = ?, runs = runs + 1, total_cost_usd = total_cost_usd + ? where id = ?`);
  const remove = db.prepare("delete from sessions where id = ?");

  return {
    insert: ({ id, title, workdir, createdAt }: Pick<Session, "id" | "title" | "workdir" | "createdAt">): void => {
      insert.run(id, title, workdir, createdAt, createdAt);
    },
    find: (id: string): Session | undefined => maybe(byId.get(id)),
    newestIn: (workdir: string): Session | undefined => maybe(newest.get(workdir)),
    used: (id: string, at: number, costUsd: number): void => void used.run(at, costUsd, id),
    remove: (id: string): void => void remove.run(id),
  };
};

const maybe = (row: Row | undefined): Session | undefined =>
  row && {
    id: row.id,
    title: row.title,
    workdir: row.workdir,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    runs: row.runs,
    totalCostUsd: row.total_cost_usd,
  };
