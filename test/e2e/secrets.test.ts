import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { createCli } from "./cli.ts";
import { startStromboli } from "./harness.ts";
import { podman, secretWith } from "./podman.ts";
import { makeStandIn, scripted } from "./stand-in.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli(
  { after },
  {
    config: {
      auth: { required: "always" },
      claude: { binary: makeStandIn({ after }) },
      policy: { secrets: ["st-*"] },
    },
  },
);
const { place } = stromboli;
const local = createCli(place);
const tokenOf = async (name: string, ...more: string[]) =>
  (await local.run(["token", "create", "--name", name, "--scope", "run,read,secrets", ...more])).stdout.trim();
const as = (token: string) => async (method: string, path: string, body?: object) => {
  const init = { method, headers: { authorization: `Bearer ${token}` }, ...(body && { body: JSON.stringify(body) }) };
  const answer = await fetch(`${stromboli.url()}${path}`, init);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }; // the API answers with objects
};
const a = as(await tokenOf("a"));
const b = as(await tokenOf("b", "--secret", "st-shared-*"));
const made: string[] = [];
after(() => podman("secret", "rm", ...made));
const nameOf = (what: string): string => {
  const name = `st-${what}-${randomUUID().slice(0, 8)}`;
  made.push(name);
  return name;
};
const namesOf = async (caller: typeof a) =>
  ((await caller("GET", "/secrets")).body["secrets"] as { name: string }[]).map(({ name }) => name);

test("a secret is stored, listed without its value, used by a run as it is, and removed", async () => {
  const name = nameOf("a");
  const value = `é "quoted" $HOME\nsecond line ${randomUUID()}\n`;
  assert.deepEqual(await a("POST", "/secrets", { name, value }), { status: 201, body: { success: true, name } });
  const { status, body } = await a("GET", `/secrets/${name}`);
  assert.deepEqual([status, Object.keys(body), body["name"]], [200, ["id", "name", "created_at"], name]);
  assert.ok((await namesOf(a)).includes(name));
  const podmanOptions = { secrets_env: { SECRET: name } };
  const ran = await a("POST", "/run", scripted('printf %s "$SECRET" | base64 -w0', { podman: podmanOptions }));
  assert.equal(ran.body["output"], Buffer.from(value).toString("base64"));
  const gone = await a("DELETE", `/secrets/${name}`);
  assert.deepEqual(gone, { status: 200, body: { success: true, name } });
  const after404 = await a("GET", `/secrets/${name}`);
  assert.deepEqual([after404.status, after404.body["code"]], [404, "secret_missing"]);
  const unique = value.slice(-20, -1);
  assert.equal(stromboli.log().includes(unique), false);
  assert.throws(
    () => execFileSync("grep", ["-rqaF", "--exclude-dir=sessions", "second line", join(place.state, "stromboli.db")]),
    { status: 1 },
  );
});

test("another caller's secret is not there, to see, to use or to remove; a granted one is", async () => {
  const [mine, shared] = [nameOf("mine"), nameOf("shared-a")];
  for (const name of [mine, shared]) await a("POST", "/secrets", { name, value: "x" });
  const seen = await namesOf(b);
  assert.deepEqual([seen.includes(mine), seen.includes(shared)], [false, true]);
  const answers = [
    await b("GET", `/secrets/${mine}`),
    await b("DELETE", `/secrets/${mine}`),
    await b("POST", "/run/async", { prompt: "hi", podman: { secrets_env: { X: mine } } }),
  ];
  assert.deepEqual(
    answers.map(({ status, body }) => [status, body["code"], body["success"]]),
    [
      [404, "secret_missing", false],
      [404, "secret_missing", false],
      [400, "secret_not_found", undefined],
    ],
  );
  const taken = await b("POST", "/secrets", { name: mine, value: "y" });
  assert.deepEqual([taken.status, taken.body["code"]], [409, "secret_exists"]);
});

test("a secret that was made with Podman is the local user's as far as policy.secrets lets it, and outlives a restart", async (t) => {
  const byHand = await secretWith(t, "x"); // its name is none of policy.secrets
  const name = nameOf("kept");
  await a("POST", "/secrets", { name, value: "x" });
  await stromboli.end("SIGKILL");
  await stromboli.start();
  const listed = (await local.run(["secrets"])).stdout;
  assert.deepEqual([listed.includes(byHand), listed.includes(name)], [false, true]);
  assert.equal((await a("GET", `/secrets/${name}`)).status, 200);
  assert.equal((await b("GET", `/secrets/${name}`)).status, 404);
});

test("a secret that is removed with Podman and made anew there has lost its owner", async () => {
  const name = nameOf("anew");
  await a("POST", "/secrets", { name, value: "x" });
  await podman("secret", "rm", name);
  assert.equal((await a("GET", `/secrets/${name}`)).status, 404);
  assert.equal((await b("POST", "/secrets", { name, value: "y" })).status, 201);
  assert.equal((await a("GET", `/secrets/${name}`)).status, 404);
});

test("a secret that a run uses is not removed under it", async () => {
  const name = nameOf("used");
  await a("POST", "/secrets", { name, value: "x" });
  const job = await a("POST", "/run/async", { prompt: "hold", podman: { secrets_env: { X: name } } });
  const refused = await a("DELETE", `/secrets/${name}`);
  assert.deepEqual([refused.status, refused.body["code"]], [409, "secret_in_use"]);
  await until("the run to work", () => existsSync(join(stromboli.workspace(String(job.body["session_id"])), "begun")));
  await a("DELETE", `/jobs/${String(job.body["job_id"])}`);
  assert.equal((await a("DELETE", `/secrets/${name}`)).status, 200);
});

for (const [what, body] of [
  ["an empty value", { name: "st-x", value: "" }],
  ["a value with NUL", { name: "st-x", value: "a\0b" }],
  ["more than Podman takes", { name: "st-x", value: "x".repeat(512_000) }],
  ["a comma in its name", { name: "st-x,type=mount", value: "x" }],
  ["a name that is a flag", { name: "", value: "x" }],
  ["a path as its name", { name: "../x", value: "x" }],
  ["no value", { name: "st-x" }],
] as const) {
  test(`a secret with ${what} is 400`, async () => {
    const { status, body: answer } = await a("POST", "/secrets", body);
    assert.deepEqual([status, answer["code"], answer["success"]], [400, "invalid_request", false]);
  });
}

test("the command line stores what it is given less one line feed, lists and removes it", async () => {
  const name = nameOf("cli");
  const stored = await local.run(["secrets", "create", name], { input: "hush\n\n" });
  assert.deepEqual([stored.code, stored.stdout], [0, `${name}\n`]);
  const again = await local.run(["secrets", "create", name], { input: "x" });
  assert.equal(again.code, 1);
  assert.match(again.stderr, /exists already|already; remove it first with: stromboli secrets rm/);
  const { stdout } = await local.run(["run", "--secret", `X=${name}`, scripted('printf %s "$X" | wc -c').prompt]);
  assert.equal(stdout.trim(), "5");
  assert.match((await local.run(["secrets"])).stdout, new RegExp(`^${name} `, "m"));
  assert.deepEqual((await local.run(["secrets", "rm", name])).stdout, `${name}\n`);
  const missing = await local.run(["secrets", "rm", name]);
  assert.deepEqual([missing.code, missing.stderr], [1, `stromboli: there is no secret ${name}\n`]);
  const empty = await local.run(["secrets", "create", name], { input: "\n" });
  assert.deepEqual([empty.code, empty.stderr], [2, "stromboli: the value is empty; nothing is stored\n"]);
});
