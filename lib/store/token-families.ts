import type { Db } from "./database.ts";

/** What one login began. */
export type Family = { id: string; subject: string; tokenId: string | null; refreshId: string; expiresAt: number };

export type FamilyStore = ReturnType<typeof createFamilyStore>;

export const createFamilyStore = (db: Db) => {
  const insert = db.prepare(
    "insert into token_families values (@id, @subject, @tokenId, @refreshId, @expiresAt, null)",
  );
  const byId = db.prepare<[string], Family>(`
    select id, subject, token_id as tokenId, refresh_id as refreshId, expires_at as expiresAt
    from token_families where id = ? and revoked_at is null`);
  const turn = db.prepare(`
    update token_families set refresh_id = @next, expires_at = @expiresAt
    where id = @id and refresh_id = @used and revoked_at is null`);
  const revoke = db.prepare("update token_families set revoked_at = @at where id = @id and revoked_at is null");
  const drop = db.prepare("delete from token_families where expires_at < ?");

  return {
    insert: db.transaction((family: Family, at: number): void => {
      drop.run(at); // none of their tokens is good any more, so nothing needs to be known of them
      insert.run(family);
    }),
    /** A family that has not been revoked. */
    find: (id: string): Family | undefined => byId.get(id),
    /** Lets the next refresh token take the place of the used one; false when that was no longer the good one. */
    turn: (id: string, change: { used: string; next: string; expiresAt: number }): boolean =>
      turn.run({ id, ...change }).changes === 1,
    revoke: (id: string, at: number): boolean => revoke.run({ id, at }).changes === 1,
  };
};
