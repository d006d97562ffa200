import type { Config } from "../schema/config.ts";
import type { FamilyStore } from "../store/token-families.ts";
import type { TokenRow, TokenStore } from "../store/tokens.ts";
import { isSecretOf, parseApiToken } from "./api-token.ts";
import { localCaller, type Caller } from "./caller.ts";
import { createLogins } from "./logins.ts";
import { unauthorized } from "./unauthorized.ts";

type Deps = { config: Pick<Config, "auth">; tokens: TokenStore; families: FamilyStore; now: () => number };
export type Auth = ReturnType<typeof createAuth>;

/** Who holds which token. All refusals are `unauthorized`. */
export const createAuth = ({ tokens, ...deps }: Deps) => {
  const find = (id: string): TokenRow | undefined => tokens.find(id, deps.now());
  const logins = createLogins({ ...deps, callerOf: (id) => maybe(find(id)) });

  return {
    ...logins,

    /** Who presents a token, or none; `open` where none is needed. One that is presented has to be good everywhere. */
    async identify(bearer: string | undefined, { open }: { open: boolean }): Promise<Caller> {
      if (bearer === undefined && open) return localCaller;
      if (bearer === undefined)
        throw unauthorized(
          "this needs a token; send it as Authorization: Bearer TOKEN, or put it into STROMBOLI_TOKEN for the CLI",
        );
      const parsed = parseApiToken(bearer);
      if (!parsed && deps.config.auth.jwt_secret === "")
        throw unauthorized("the token is no API token, and there are no access tokens without auth.jwt_secret");
      if (!parsed) return logins.holder(bearer, { open });
      const token = find(parsed.id);
      if (!token || !isSecretOf(parsed.secret, token.hash))
        throw unauthorized("the API token is not valid, has expired or was revoked");
      return toCaller(token);
    },
  };
};

const toCaller = ({ id, name, scopes, secrets }: TokenRow): Caller => ({ name, scopes, secrets, tokenId: id });
const maybe = (token: TokenRow | undefined): Caller | undefined => token && toCaller(token);
