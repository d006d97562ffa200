import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, delimiter, join } from "node:path";
import { json } from "node:stream/consumers";
import { after, test, type TestContext } from "node:test";
import { execa } from "execa";
import { parse } from "yaml";
import { startStromboli } from "./harness.ts";
import { environmentOf } from "./place.ts";
import { noRedis, redisImage } from "./redis.ts";
import { echo, makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

const root = join(import.meta.dirname, "../..");
const examples = join(root, "examples");
const secret = "of webhooks and of the chat";
const { place, url, send, submit, ended, list, makeVolume } = await startStromboli(
  { after },
  {
    config: {
      claude: { binary: makeStandIn({ after }, echo) },
      webhooks: { secret, allow_private: true },
      policy: { pull: "missing" },
    },
  },
);
const token = await send("/tokens", { method: "POST", body: JSON.stringify({ name: "t", scopes: ["run", "read"] }) })
  .then((response) => response.json())
  .then((body) => (body as { token: string }).token); // by the schema of tokens

const environment = (more: NodeJS.ProcessEnv = {}) => ({
  ...environmentOf(place, {
    STROMBOLI_URL: url(),
    STROMBOLI_TOKEN: token,
    STROMBOLI_HOST: `unix://${place.socket}`,
    STROMBOLI_WEBHOOKS_SECRET: secret,
    SLACK_SIGNING_SECRET: secret,
    PORT: "0",
    ...more,
  }),
  PATH: `${join(root, "bin")}${delimiter}${process.env["PATH"]}`,
});

const read = (name: string): string => readFileSync(join(examples, name), "utf8");

const run = (file: string, args: readonly string[], { env = {}, cwd = examples } = {}) =>
  execa(file, args, { cwd, env: environment(env), extendEnv: false, reject: false });

test("the tour goes to its end", async () => {
  const { exitCode, stdout, stderr } = await run("./tour.sh", []);
  assert.deepEqual([exitCode, stderr], [0, ""]);
  assert.match(stdout, /\nThe code word is basalt\.\n/);
  assert.match(stdout, /1 done\n/);
  assert.match(stdout, /"code": "volume_not_allowed"/);
});

for (const [file, script] of [
  ["python3", "client.py"],
  [process.execPath, "client.mjs"],
] as const)
  test(`${script} prints the answer, or the reason in a line`, async () => {
    const { exitCode, stdout, stderr } = await run(file, [script, "hello", "there"]);
    assert.deepEqual([exitCode, stdout], [0, "echo: hello there"]);
    assert.match(stderr, /succeeded/);
    const refused = await run(file, [script, "hi"], { env: { STROMBOLI_TOKEN: "wrong" } });
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /^unauthorized: .*$/); // a line, no stack
  });

test("each-repository.sh has an answer for every repository", async () => {
  const repositories = [makeVolume(), makeVolume()];
  const { exitCode, stdout } = await run("./each-repository.sh", ["Fix it", ...repositories]);
  assert.equal(exitCode, 0);
  for (const path of repositories)
    assert.match(stdout, new RegExp(`^## ${basename(path)}: succeeded\n\necho: Fix it$`, "m"));
});

/** A repository with a change since `base`. */
const makeRepository = async () => {
  const cwd = mkdtempSync(join(place.folder, "git-"));
  const git = (...args: readonly string[]) =>
    execa("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd });
  await git("init", "-q");
  for (const text of ["before", "after"]) {
    writeFileSync(join(cwd, "file"), `${text}\n`);
    await git("add", ".");
    await git("commit", "-qm", text);
  }
  return { cwd, base: (await git("rev-parse", "HEAD~")).stdout };
};

test("the step for GitHub asks for a review of the change", async () => {
  const { jobs } = parse(read("github-actions.yml")) as { jobs: { review: { steps: { run?: string }[] } } };
  const { cwd, base } = await makeRepository();
  const summary = join(cwd, "summary");
  const script = jobs.review.steps.at(-1)?.run ?? "";
  const { exitCode } = await run("bash", ["-e", "-c", script], {
    cwd,
    env: { BASE: base, GITHUB_STEP_SUMMARY: summary },
  });
  assert.equal(exitCode, 0);
  assert.match(readFileSync(summary, "utf8"), /^echo: Review this change[^]*-before\n\+after\n/);
});

test("the job for GitLab asks for a review of the change", async () => {
  const { review } = parse(read("gitlab-ci.yml")) as { review: { script: string[] } };
  const { cwd, base } = await makeRepository();
  const env = { CI_MERGE_REQUEST_DIFF_BASE_SHA: base };
  const { exitCode, stdout } = await run("sh", ["-e", "-c", review.script.join("\n")], { cwd, env });
  assert.equal(exitCode, 0);
  assert.match(stdout, /^echo: Review this change[^]*-before\n\+after\n/);
});

test("the line for cron starts a job", async () => {
  const line = /^[\d*].*$/m.exec(read("crontab"))?.[0] ?? "";
  const command = line.split(/\s+/).slice(5).join(" ").replace("/srv/project", makeVolume());
  assert.equal((await run("sh", ["-c", command])).exitCode, 0);
  const { jobs } = await list("?label=cron=nightly");
  assert.equal((await ended(jobs[0]?.id ?? "")).outcome, "succeeded");
});

/** An example that listens, with what it has printed so far. */
const serve = async (t: TestContext, file: string, script: string) => {
  const child = execa(file, [script], { cwd: examples, env: environment(), extendEnv: false, reject: false });
  t.after(async () => {
    child.kill();
    await child;
  });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const port = await until("the example to listen", () => /listening on port (\d+)/.exec(printed)?.[1]);
  return { address: `http://127.0.0.1:${port}/`, printed: () => printed };
};

for (const [file, script] of [
  ["python3", "webhook_receiver.py"],
  [process.execPath, "webhook-receiver.mjs"],
] as const)
  test(`${script} believes what is signed, and nothing else`, async (t) => {
    const { address, printed } = await serve(t, file, script);
    const headers = {
      "x-stromboli-timestamp": String(Math.floor(Date.now() / 1000)),
      "x-stromboli-signature": "sha256=0",
    };
    assert.equal((await fetch(address, { method: "POST", body: "{}", headers })).status, 401);
    assert.equal((await fetch(address, { method: "POST", body: "{}" })).status, 401);
    const { body } = await submit({ prompt: "tell me", webhook_url: address });
    await until("the webhook", () => printed().includes(`${body.job_id} succeeded: echo: tell me`));
  });

test("the chat bot posts answers, and a channel is one conversation", async (t) => {
  const posted: string[] = [];
  const chat = createServer((request, response) => {
    void json(request).then((body) => posted.push((body as { text: string }).text)).then(() => response.end()); // prettier-ignore
  });
  t.after(() => chat.close());
  await once(chat.listen(0, "127.0.0.1"), "listening");
  const { port } = chat.address() as AddressInfo; // TCP and listening: never null, never a pipe
  const { address } = await serve(t, process.execPath, "chat-bot.mjs");
  const say = (text: string) => {
    const body = new URLSearchParams({ channel_id: "C1", text, response_url: `http://127.0.0.1:${port}/` }).toString();
    const timestamp = Math.floor(Date.now() / 1000);
    const signature = `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
    const headers = { "x-slack-request-timestamp": String(timestamp), "x-slack-signature": signature };
    return fetch(address, { method: "POST", body, headers });
  };
  assert.equal((await fetch(address, { method: "POST", body: "text=hi" })).status, 401);
  for (const text of ["remember basalt", "recall"]) assert.equal(await (await say(text)).text(), "On it …");
  await until("two answers", () => posted.length === 2);
  assert.deepEqual(posted, ["echo: remember basalt", "remember basalt"]);
});

test("the compose file with Redis has it beside the agent", { skip: noRedis }, async (t) => {
  const path = join(makeVolume(), "compose.yaml");
  writeFileSync(path, read("compose-redis.yaml").replace("docker.io/library/redis:8", await redisImage(t)));
  const { exitCode, stdout } = await run("stromboli", ["run", "--compose", path, "--network", "none", "hi"]);
  assert.deepEqual([exitCode, stdout], [0, "echo: hi"]);
});

test("the compose file with Postgres is one that would be run", async () => {
  const path = join(makeVolume(), "compose.yaml");
  writeFileSync(path, read("compose-postgres.yaml"));
  const args = ["run", "--dry-run", "--compose", path, "--service", "web", "-e", "DB_PASSWORD=x", "hi"];
  const { exitCode, stdout, stderr } = await run("stromboli", args);
  assert.deepEqual([exitCode, stderr], [0, ""]);
  assert.match(stdout, /service +db: docker\.io\/library\/postgres:17/);
});
