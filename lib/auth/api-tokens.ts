import { isTaken, StromboliError } from "../errors.ts";
import type { NewToken, Token, TokenRequest } from "../schema/auth.ts";
import { millisecondsOf } from "../schema/units.ts";
import type { TokenRow, TokenStore } from "../store/tokens.ts";
import { createApiToken } from "./api-token.ts";

export type ApiTokens = ReturnType<typeof createApiTokens>;

/** The API tokens: a name has one at a time, and what was made with it stays the name's when the token changes. */
export const createApiTokens = ({ tokens, now }: { tokens: TokenStore; now: () => number }) => ({
  /** Throws `token_exists` when the name has one. */
  create({ name, scopes, secrets = [], expires_in }: TokenRequest): NewToken {
    const { id, hash, text } = createApiToken();
    const createdAt = now();
    const expiresAt = expires_in === undefined ? null : createdAt + millisecondsOf(expires_in);
    const row: TokenRow = { id, name, hash, scopes: [...new Set(scopes)], secrets, createdAt, expiresAt };
    try {
      tokens.insert(row);
    } catch (error) {
      throw isTaken(error) ? new StromboliError("token_exists", `there is a token of ${name} already`) : error;
    }
    return { ...toToken(row), token: text };
  },
  list: (): Token[] => tokens.list(now()).map(toToken),
  /** Throws `token_not_found`. */
  revoke(name: string): void {
    if (!tokens.revoke(name, now())) throw new StromboliError("token_not_found", `there is no token of ${name}`);
  },
});

const toToken = ({ name, scopes, secrets, createdAt, expiresAt }: TokenRow): Token => ({
  name,
  scopes,
  secrets,
  created_at: new Date(createdAt).toISOString(),
  expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
});
