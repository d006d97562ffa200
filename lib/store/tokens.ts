import type { Scope } from "../schema/auth.ts";
import type { Db } from "./database.ts";

/** An API token, without itself. */
export type TokenRow = {
  id: string;
  name: string;
  hash: string;
  scopes: Scope[];
  secrets: string[];
  createdAt: number;
  expiresAt: number | null;
};
type Row = Omit<TokenRow, "scopes" | "secrets"> & { scopes: string; secrets: string };

export type TokenStore = ReturnType<typeof createTokenStore>;

const columns = "id, name, hash, scopes, secrets, created_at as createdAt, expires_at as expiresAt";
const good = "revoked_at is null and (expires_at is null or expires_at > @at)";

/** API tokens; one that is revoked or has expired is not found any more. */
export const createTokenStore = (db: Db) => {
  const insert = db.prepare(`
    insert into tokens (id, name, hash, scopes, secrets, created_at, expires_at)
    values (@id, @name, @hash, @scopes, @secrets, @createdAt, @expiresAt)`);
  const byId = db.prepare<[{ id: string; at: number }], Row>(
    `select ${columns} from tokens where id = @id and ${good}`,
  );
  const all = db.prepare<[{ at: number }], Row>(`select ${columns} from tokens where ${good} order by name`);
  const revoke = db.prepare(`update tokens set revoked_at = @at where name = @name and ${good}`);
  const retire = db.prepare("update tokens set revoked_at = @at where revoked_at is null and expires_at <= @at");

  return {
    /** Throws SQLITE_CONSTRAINT_UNIQUE when the name has a token that is still good. */
    insert: db.transaction(({ scopes, secrets, ...token }: TokenRow): void => {
      retire.run({ at: token.createdAt }); // the name of an expired one is free
      insert.run({ ...token, scopes: JSON.stringify(scopes), secrets: JSON.stringify(secrets) });
    }),
    find: (id: string, at: number): TokenRow | undefined => maybe(byId.get({ id, at })),
    list: (at: number): TokenRow[] => all.all({ at }).map(toToken),
    /** False when there is no such token. */
    revoke: (name: string, at: number): boolean => revoke.run({ name, at }).changes === 1,
  };
};

const toToken = (row: Row): TokenRow => ({
  ...row,
  scopes: JSON.parse(row.scopes) as Scope[], // written by insert, as are the secrets
  secrets: JSON.parse(row.secrets) as string[],
});

const maybe = (row: Row | undefined): TokenRow | undefined => row && toToken(row);
