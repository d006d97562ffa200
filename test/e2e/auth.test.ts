import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";
import { createCli } from "./cli.ts";
import { startStromboli } from "./harness.ts";
import { makeStandIn } from "./stand-in.ts";

const jwt = randomBytes(32).toString("hex");
const stromboli = await startStromboli(
  { after },
  {
    config: { claude: { binary: makeStandIn({ after }) }, auth: { required: "always" } },
    env: { STROMBOLI_AUTH_JWT_SECRET: jwt },
  },
);
const local = createCli(stromboli.place);
/** The command line of somebody at another machine. */
const remote = (token?: string) => {
  const env = { STROMBOLI_HOST: stromboli.url(), ...(token && { STROMBOLI_TOKEN: token }) };
  return createCli(stromboli.place, env);
};
const make = async (name: string, scope = "run,read") =>
  (await local.run(["token", "create", "--name", name, "--scope", scope])).stdout.trim();

test("over the network the command line needs a token, and says so", async () => {
  const { code, stderr } = await remote().run(["ps", "-a"]);
  assert.equal(code, 77);
  assert.match(stderr, /STROMBOLI_TOKEN/);
});

test("a token that was made at the socket runs agents over the network, and is gone once it is revoked", async () => {
  const token = await make("ci");
  const ran = await remote(token).run(["run", "answer hello"]);
  assert.deepEqual([ran.code, ran.stdout], [0, "hello\n"]);
  assert.match((await remote(token).run(["ps", "-a"])).stdout, /run-|job-/);
  assert.match((await local.run(["token"])).stdout, /^ci +run,read/m);
  const revoked = await local.run(["token", "revoke", "ci"]);
  assert.deepEqual([revoked.code, revoked.stdout], [0, "ci\n"]);
  assert.equal((await remote(token).run(["ps"])).code, 77);
});

test("what a token may not do is refused, with the scope that is missing", async () => {
  const { code, stderr } = await remote(await make("reader", "read")).run(["run", "-d", "answer hello"]);
  assert.equal(code, 77);
  assert.match(stderr, /the token of reader does not have the scope run/);
});

const mistakes = [
  [["create", "--name", "x", "--scope", "write"], /scopes\.0: .*read.*run/],
  [["create", "--name", "a b", "--scope", "run"], /name: must be 1 to 63/],
  [["create", "--name", "x", "--scope", "run", "--expires", "soon"], /expires_in: must be a duration/],
  [["create", "--scope", "run"], /required option '--name/],
  [["revoke", "nobody"], /there is no token of nobody/],
] as const;
const told = local.runEach(mistakes.map(([args]) => ({ args: ["token", ...args] })));
for (const [index, [args, message]] of mistakes.entries()) {
  test(`a mistake is told: token ${args.join(" ")}`, async () => {
    const { code, stderr } = (await told)[index] ?? assert.fail("it did not run");
    assert.notEqual(code, 0);
    assert.match(stderr, message);
  });
}

test("logins, their end and tokens outlive the daemon, and none of them is in its folder or its log", async () => {
  const token = await make("keeper");
  const { url } = stromboli;
  const login = async (): Promise<Record<string, string>> => {
    const headers = { authorization: `Bearer ${token}` };
    const body = JSON.stringify({ client_id: "laptop" });
    return (await (await fetch(`${url()}/auth/token`, { method: "POST", headers, body })).json()) as Record<
      string,
      string
    >; // strings all, and a number
  };
  const statusOf = async (path: string, bearer: string | undefined, method = "GET") =>
    (await fetch(`${url()}${path}`, { method, headers: { authorization: `Bearer ${bearer}` } })).status;
  const [kept, ended] = [await login(), await login()];
  assert.equal(await statusOf("/auth/logout", ended["access_token"], "POST"), 200);
  await stromboli.end("SIGKILL");
  await stromboli.start();
  assert.equal(await statusOf("/auth/validate", kept["access_token"]), 200);
  assert.equal(await statusOf("/auth/validate", ended["access_token"]), 401);
  assert.equal(await statusOf("/jobs", token), 200);
  for (const secret of [token.split("_")[2] ?? token, kept["access_token"] ?? "", kept["refresh_token"] ?? "", jwt]) {
    assert.equal(stromboli.log().includes(secret), false);
    assert.throws(() => execFileSync("grep", ["-rqaF", secret, stromboli.place.state]), { status: 1 });
  }
});

test("the record tells who did what, is whole, and outlives the daemon", async () => {
  const listed = await local.run(["audit", "--decision", "refused", "-n", "500"]);
  assert.match(listed.stdout, /reader +refused +forbidden/);
  const before = await local.run(["audit", "verify"]);
  assert.match(before.stdout, /^\d+ [0-9a-f]{64}\n$/);
  await stromboli.end("SIGKILL");
  await stromboli.start();
  assert.equal((await local.run(["audit", "verify"])).stdout, before.stdout);
});
