import type { Db } from "./database.ts";

export type Session = {
  id: string;
  /** The name of the caller whose it is. */
  owner: string;
  title: string;
  workdir: string;
  createdAt: number;
  lastUsedAt: number;
  runs: number;
  totalCostUsd: number;
};

type NewSession = Pick<Session, "id" | "owner" | "title" | "workdir" | "createdAt">;

type Row = {
  id: string;
  owner: string;
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
    "insert into sessions (id, owner, title, workdir, created_at, last_used_at) values (?, ?, ?, ?, ?, ?)",
  );
  const byId = db.prepare<[string], Row>("select * from sessions where id = ?");
  const newest = db.prepare<[string, string], Row>(
    "select * from sessions where owner = ? and workdir = ? order by last_used_at desc limit 1",
  );
  const list = db.prepare<[{ owner: string | null; beginning: string }], Row>(`
    select * from sessions
    where (@owner is null or owner = @owner) and substr(id, 1, length(@beginning)) = @beginning
    order by last_used_at desc, rowid desc`);
  const used = db.prepare(`
    update sessions set last_used_at = ?, runs = runs + 1, total_cost_usd = total_cost_usd + ? where id = ?`);
  const remove = db.prepare("delete from sessions where id = ?");

  return {
    insert: ({ id, owner, title, workdir, createdAt }: NewSession): void => {
      insert.run(id, owner, title, workdir, createdAt, createdAt);
    },
    find: (id: string): Session | undefined => maybe(byId.get(id)),
    /** The one of an owner that was used last in a workdir. */
    newestIn: (owner: string, workdir: string): Session | undefined => maybe(newest.get(owner, workdir)),
    /** Those of an owner, or all, whose ids begin so; used last first. */
    list: (owner: string | undefined, beginning = ""): Session[] =>
      list.all({ owner: owner ?? null, beginning }).map(toSession),
    used: (id: string, at: number, costUsd: number): void => void used.run(at, costUsd, id),
    /** False when it is not there. */
    remove: (id: string): boolean => remove.run(id).changes === 1,
  };
};

const maybe = (row: Row | undefined): Session | undefined => row && toSession(row);

const toSession = (row: Row): Session => ({
  id: row.id,
  owner: row.owner,
  title: row.title,
  workdir: row.workdir,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  runs: row.runs,
  totalCostUsd: row.total_cost_usd,
});
