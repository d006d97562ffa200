import assert from "node:assert/strict";
import { test } from "node:test";
import { createApiToken, isSecretOf, parseApiToken } from "../../lib/auth/api-token.ts";
import { openAuth, refused, shut } from "./harness.ts";

test("a token's secret half fits its hash, and no other does", () => {
  const [one, two] = [createApiToken(), createApiToken()];
  const secret = parseApiToken(one.text)?.secret ?? "";
  assert.deepEqual([isSecretOf(secret, one.hash), isSecretOf(secret, two.hash)], [true, false]);
});

for (const text of ["", "stromboli_", "stromboli_0123456789abcdef_short", `x${createApiToken().text}`, "a.b.c"]) {
  test(`${JSON.stringify(text)} does not look like an API token`, () => {
    assert.equal(parseApiToken(text), undefined);
  });
}

test("the database does not hold a token", (t) => {
  const { make, tokens } = openAuth(t);
  const token = make();
  const rows = JSON.stringify(tokens.list(0));
  assert.equal(rows.includes(parseApiToken(token)?.secret ?? token), false);
});

test("who presents an API token is its name, with its scopes and secrets", async (t) => {
  const { auth, make } = openAuth(t);
  const { name, scopes, secrets } = await auth.identify(make({ secrets: ["ci-*"] }), shut);
  assert.deepEqual({ name, scopes, secrets }, { name: "ci", scopes: ["run", "read"], secrets: ["ci-*"] });
});

test("a token with another secret half is refused", async (t) => {
  const { auth, make } = openAuth(t);
  await assert.rejects(auth.identify(`${make().slice(0, -8)}AAAAAAAA`, shut), refused);
});

test("a token that was revoked is refused, and its name is free again", async (t) => {
  const { auth, apiTokens, make } = openAuth(t);
  const old = make();
  apiTokens.revoke("ci");
  await assert.rejects(auth.identify(old, shut), refused);
  assert.equal((await auth.identify(make(), shut)).name, "ci");
});

test("a token that has expired is refused, unlisted, and its name is free again", async (t) => {
  const { auth, apiTokens, clock, make } = openAuth(t);
  const old = make({ expires_in: "1h" });
  await auth.identify(old, shut);
  clock.now += 3_600_000;
  await assert.rejects(auth.identify(old, shut), refused);
  assert.deepEqual(apiTokens.list(), []);
  assert.throws(() => apiTokens.revoke("ci"), { code: "token_not_found" });
  assert.equal((await auth.identify(make(), shut)).name, "ci");
});

test("a name has one token", (t) => {
  const { make } = openAuth(t);
  make();
  assert.throws(() => make(), { code: "token_exists", message: /stromboli token revoke/ });
});

test("without a token who asks is the local user where none is needed, and refused elsewhere", async (t) => {
  const { auth } = openAuth(t);
  assert.equal((await auth.identify(undefined, { open: true })).name, "local");
  await assert.rejects(auth.identify(undefined, shut), refused);
});

for (const text of ["", "nonsense", "stromboli_0123456789abcdef_short"]) {
  test(`a token that is none is refused also where none is needed: ${JSON.stringify(text)}`, async (t) => {
    await assert.rejects(openAuth(t).auth.identify(text, { open: true }), refused);
  });
}

test("without a JWT secret what is no API token is refused, and says what is missing", async (t) => {
  await assert.rejects(openAuth(t, "").auth.identify("a.b.c", shut), {
    code: "unauthorized",
    message: /auth\.jwt_secret/,
  });
});
