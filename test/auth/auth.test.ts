import assert from "node:assert/strict";
import { test } from "node:test";
import { SignJWT, UnsecuredJWT } from "jose";
import { localCaller } from "../../lib/auth/caller.ts";
import { jwtSecret, openAuth, refused, shut } from "./harness.ts";

const hour = 3_600_000;

test("an access token stands for the API token that it was got with", async (t) => {
  const { auth, make } = openAuth(t);
  const caller = await auth.identify(make({ secrets: ["ci-*"] }), shut);
  const { access_token, token_type, expires_in } = await auth.login(caller, "my laptop");
  assert.deepEqual([token_type, expires_in], ["bearer", 86_400]);
  assert.deepEqual(await auth.identify(access_token, shut), caller);
});

test("a valid access token tells its subject, and when it expires", async (t) => {
  const { auth, clock, make } = openAuth(t);
  const { access_token } = await auth.login(await auth.identify(make(), shut), "laptop");
  assert.deepEqual(await auth.validate(access_token, shut), {
    valid: true,
    subject: "laptop",
    expires_at: clock.now / 1000 + 86_400,
  });
});

test("an access token is good for its time and no longer", async (t) => {
  const { auth, clock, make } = openAuth(t);
  const { access_token } = await auth.login(await auth.identify(make(), shut), "laptop");
  clock.now += 24 * hour - 1000;
  await auth.identify(access_token, shut);
  clock.now += 2000;
  await assert.rejects(auth.identify(access_token, shut), refused);
});

test("a refresh token gives the next pair, and both access tokens are good", async (t) => {
  const { auth, make } = openAuth(t);
  const first = await auth.login(await auth.identify(make(), shut), "laptop");
  const second = await auth.refresh(first.refresh_token, shut);
  for (const { access_token } of [first, second]) assert.equal((await auth.identify(access_token, shut)).name, "ci");
  assert.notEqual(second.refresh_token, first.refresh_token);
});

test("a refresh token that comes again ends everything of its login, the newest tokens too", async (t) => {
  const { auth, make } = openAuth(t);
  const first = await auth.login(await auth.identify(make(), shut), "laptop");
  const second = await auth.refresh(first.refresh_token, shut);
  await assert.rejects(auth.refresh(first.refresh_token, shut), refused);
  await assert.rejects(auth.identify(second.access_token, shut), refused);
  await assert.rejects(auth.refresh(second.refresh_token, shut), refused);
});

test("of two that use a refresh token at once one gets the next pair", async (t) => {
  const { auth, make } = openAuth(t);
  const { refresh_token } = await auth.login(await auth.identify(make(), shut), "laptop");
  const both = await Promise.allSettled([auth.refresh(refresh_token, shut), auth.refresh(refresh_token, shut)]);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
});

test("refresh goes on for as long as it is used in time", async (t) => {
  const { auth, clock, make } = openAuth(t);
  let { refresh_token } = await auth.login(await auth.identify(make(), shut), "laptop");
  for (let day = 0; day < 30; day += 6) {
    clock.now += 6 * 24 * hour;
    ({ refresh_token } = await auth.refresh(refresh_token, shut));
  }
  clock.now += 8 * 24 * hour;
  await assert.rejects(auth.refresh(refresh_token, shut), refused);
});

test("logging out ends all tokens of the login, also for the next daemon", async (t) => {
  const { auth, make, start } = openAuth(t);
  const caller = await auth.identify(make(), shut);
  const [pair, other] = [await auth.login(caller, "laptop"), await auth.login(caller, "phone")];
  await auth.logout(pair.access_token, shut);
  await assert.rejects(start().validate(pair.access_token, shut), refused);
  await assert.rejects(start().refresh(pair.refresh_token, shut), refused);
  assert.equal((await start().validate(other.access_token, shut)).subject, "phone");
});

test("access tokens end with the API token that they were got with", async (t) => {
  const { auth, apiTokens, make } = openAuth(t);
  const { access_token, refresh_token } = await auth.login(await auth.identify(make(), shut), "laptop");
  apiTokens.revoke("ci");
  make(); // the next one of that name does not bring them back
  await assert.rejects(auth.identify(access_token, shut), refused);
  await assert.rejects(auth.refresh(refresh_token, shut), refused);
});

test("what was got without a token is good only where none is needed", async (t) => {
  const { auth } = openAuth(t);
  const { access_token, refresh_token } = await auth.login(localCaller, "laptop");
  assert.equal((await auth.identify(access_token, { open: true })).name, "local");
  await assert.rejects(auth.identify(access_token, shut), refused);
  await assert.rejects(auth.validate(access_token, shut), refused);
  await assert.rejects(auth.refresh(refresh_token, shut), refused);
});

test("neither token does the other's work", async (t) => {
  const { auth, make } = openAuth(t);
  const { access_token, refresh_token } = await auth.login(await auth.identify(make(), shut), "laptop");
  await assert.rejects(auth.identify(refresh_token, shut), refused);
  await assert.rejects(auth.refresh(access_token, shut), refused);
});

for (const [what, more] of [
  ["secret", { jwt_secret: "Kx2mQ7wE9rT4yU6iO1pA3sD5fG8hJ0lZ" }],
  ["issuer", { issuer: "else" }],
  ["audience", { audience: "else" }],
] as const) {
  test(`a token of another ${what} is refused`, async (t) => {
    const { auth, make, start } = openAuth(t);
    const { access_token } = await start(more).login(await auth.identify(make(), shut), "laptop");
    await assert.rejects(auth.identify(access_token, shut), refused);
  });
}

test("a token that is unsigned, or signed in another way, is refused", async (t) => {
  const { auth, make } = openAuth(t);
  const { access_token } = await auth.login(await auth.identify(make(), shut), "laptop");
  const claims = JSON.parse(Buffer.from(access_token.split(".")[1] ?? "", "base64url").toString()) as object; // our own token
  const key = new TextEncoder().encode(jwtSecret);
  const signed = (alg: string) => new SignJWT({ ...claims }).setProtectedHeader({ alg }).sign(key);
  assert.equal((await auth.identify(await signed("HS256"), shut)).name, "ci"); // what follows differs in the algorithm alone
  for (const token of [new UnsecuredJWT({ ...claims }).encode(), await signed("HS512"), `${access_token}x`])
    await assert.rejects(auth.identify(token, shut), refused);
});

test("without a JWT secret nobody can log in", async (t) => {
  const { auth } = openAuth(t, "");
  await assert.rejects(auth.login(localCaller, "laptop"), {
    code: "auth_not_configured",
    message: /auth\.jwt_secret/,
  });
});
