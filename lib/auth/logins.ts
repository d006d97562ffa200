import { randomUUID } from "node:crypto";
import { StromboliError } from "../errors.ts";
import type { TokenPair, Validated } from "../schema/auth.ts";
import type { Config } from "../schema/config.ts";
import type { Family, FamilyStore } from "../store/token-families.ts";
import { localCaller, type Caller } from "./caller.ts";
import { createJwt, type Claims } from "./jwt.ts";
import { unauthorized } from "./unauthorized.ts";

type Deps = {
  config: Pick<Config, "auth">;
  families: FamilyStore;
  /** Who holds an API token that is still good. */
  callerOf: (tokenId: string) => Caller | undefined;
  now: () => number;
};
/** `open`: no token is needed where it is presented. */
type Where = { open: boolean };
type Known = { claims: Claims; family: Family; caller: Caller };

/** Access tokens, got for API tokens: what one may do is what the API token behind it may do now. */
export const createLogins = ({ config, families, callerOf, now }: Deps) => {
  const jwt = createJwt(config.auth, now);

  /** What a token says, and whom it stands for; throws unless it is still good. */
  const read = async (use: "access" | "refresh", text: string, { open }: Where): Promise<Known> => {
    checkConfigured(config);
    const claims = await jwt.read(use, text);
    const family = claims && families.find(claims.family);
    if (!claims || !family) throw unauthorized(`the ${use} token is not valid, has expired or was revoked`);
    const caller = family.tokenId === null ? unauthenticated(open) : callerOf(family.tokenId);
    if (!caller) throw unauthorized("the API token behind this token has expired or was revoked");
    return { claims, family, caller };
  };
  const pairOf = async ({ id: family, subject }: Family, refreshId: string): Promise<TokenPair> => ({
    access_token: await jwt.sign("access", { family, subject }),
    refresh_token: await jwt.sign("refresh", { family, subject, id: refreshId }),
    token_type: "bearer",
    expires_in: jwt.seconds.access,
  });
  const expiry = (): number => now() + 1000 * Math.max(jwt.seconds.access, jwt.seconds.refresh);

  return {
    holder: async (text: string, where: Where): Promise<Caller> => (await read("access", text, where)).caller,

    /** Begins a family of tokens for a caller. */
    async login({ tokenId }: Caller, subject: string): Promise<TokenPair> {
      checkConfigured(config);
      const family: Family = { id: randomUUID(), subject, tokenId, refreshId: randomUUID(), expiresAt: expiry() };
      families.insert(family, now());
      return pairOf(family, family.refreshId);
    },

    /** The next pair. When a refresh token comes a second time somebody has stolen it: its family ends. */
    async refresh(text: string, where: Where): Promise<TokenPair> {
      const { claims, family } = await read("refresh", text, where);
      const next = randomUUID();
      if (families.turn(family.id, { used: claims.id, next, expiresAt: expiry() })) return pairOf(family, next);
      families.revoke(family.id, now());
      throw unauthorized("the refresh token was used before, so all tokens of its login are revoked; log in again");
    },

    async validate(text: string, where: Where): Promise<Validated> {
      const { claims } = await read("access", text, where);
      return { valid: true, subject: claims.subject, expires_at: claims.expiresAt };
    },

    /** Ends the family of an access token, for good. */
    logout: async (text: string, where: Where): Promise<void> =>
      void families.revoke((await read("access", text, where)).family.id, now()),
  };
};

/** What was got without a token is good only where none is needed. */
const unauthenticated = (open: boolean): Caller | undefined => (open ? localCaller : undefined);

const checkConfigured = ({ auth }: Pick<Config, "auth">): void => {
  if (auth.jwt_secret === "") throw new StromboliError("auth_not_configured", "access tokens are not configured here");
};
