import type { TestContext } from "node:test";
import { createApiTokens } from "../../lib/auth/api-tokens.ts";
import { createAuth } from "../../lib/auth/auth.ts";
import type { TokenRequest } from "../../lib/schema/auth.ts";
import { configOf, openStores } from "../harness.ts";

export const jwtSecret = "Zq3vT8xW1mB6nK9sL4pR7yU2dF5hJ0cG";

/** Authentication over a real database, with a clock that a test moves. */
export const openAuth = (t: TestContext, jwt_secret = jwtSecret) => {
  const { tokens, families } = openStores(t);
  const clock = { now: Date.UTC(2026, 0, 1) };
  const start = (more: object = {}) =>
    createAuth({ config: configOf({ auth: { jwt_secret, ...more } }), tokens, families, now: () => clock.now });
  const apiTokens = createApiTokens({ tokens, now: () => clock.now });
  return {
    clock,
    tokens,
    apiTokens,
    auth: start(),
    /** The same of another daemon, with other settings. */
    start,
    make: (more: Partial<TokenRequest> = {}) =>
      apiTokens.create({ name: "ci", scopes: ["run", "read"], ...more }).token,
  };
};

export const shut = { open: false };
export const refused = { code: "unauthorized" };
