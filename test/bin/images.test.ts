import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { execa } from "execa";
import { answering, json, type Answers } from "./harness.ts";

const launcher = join(import.meta.dirname, "../../bin/stromboli");

/** The real command before a stand-in of the daemon. */
const harness = async (t: TestContext, answers: Answers) => {
  const { socketPath, requests } = await answering(t, answers);
  const run = async (...args: readonly string[]) => {
    const env = { STROMBOLI_HOST: `unix://${socketPath}` };
    const { exitCode, stdout, stderr } = await execa(launcher, ["images", ...args], { env, reject: false });
    return { code: exitCode, stdout, stderr };
  };
  return { run, asked: () => requests.map(({ method, path, body }) => [method, path, body].join(" ").trim()) };
};

const image = {
  id: "1",
  repository: "docker.io/library/python",
  tag: "3.12",
  size: 125_000_000,
  created: new Date(Date.now() - 3_600_000).toISOString(),
  compatible: true,
  compatibility_rank: 1,
  rank_description: "it has glibc, bash and git",
  tools: ["bash", "git"],
  libc: "glibc",
};
const unfit = {
  ...image,
  compatible: false,
  compatibility_rank: 4,
  rank_description: "it has no C library",
  tools: [],
};
const pulled = { success: true, image_id: "abc", image: "docker.io/library/python:3.12", compatibility_rank: 1 };

const streaming = (...events: readonly [string, object][]): Answers => ({
  "POST /images/pull": (_, response) =>
    void response.end(events.map(([event, data]) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`).join("")),
});
const showing = (shown: object): Answers => ({ "GET /images/a%2Fb%3A1": (_, response) => json(response, shown) });

test("images lists them in a table", async (t) => {
  const { run } = await harness(t, { "GET /images": (_, response) => json(response, { images: [image] }) });
  const { code, stdout } = await run();
  const [head, row] = stdout.split("\n");
  assert.equal(code, 0);
  assert.match(head ?? "", /^IMAGE +RANK +LIBC +SIZE +AGE +WHY$/);
  assert.match(row ?? "", /^docker\.io\/library\/python:3\.12 +1 +glibc +125 MB +\S+ \S+ +it has glibc, bash and git$/);
});

test("images inspect prints JSON", async (t) => {
  const { run } = await harness(t, showing(image));
  const { code, stdout } = await run("inspect", "a/b:1");
  assert.deepEqual([code, JSON.parse(stdout)], [0, image]);
});

test("images check says what an image is good for", async (t) => {
  const { run } = await harness(t, showing(image));
  const { code, stdout } = await run("check", "a/b:1");
  assert.deepEqual([code, stdout], [0, "rank 1: it has glibc, bash and git\ntools: bash, git"]);
});

test("images check fails where no agent can run", async (t) => {
  const { run } = await harness(t, showing(unfit));
  const { code, stdout } = await run("check", "a/b:1");
  assert.deepEqual([code, stdout], [1, "rank 4: it has no C library"]);
});

test("images pull shows the progress on stderr and prints the id", async (t) => {
  const answers = streaming(["progress", { message: "Copying blob" }], ["done", pulled]);
  const { run, asked } = await harness(t, answers);
  const { code, stdout, stderr } = await run("pull", "python:3.12", "--platform", "linux/arm64");
  assert.deepEqual([code, stdout, stderr], [0, "abc", "Copying blob"]);
  assert.deepEqual(asked(), ['POST /images/pull {"image":"python:3.12","platform":"linux/arm64"}']);
});

test("images pull --quiet shows no progress", async (t) => {
  const { run } = await harness(t, streaming(["progress", { message: "Copying blob" }], ["done", pulled]));
  assert.equal((await run("pull", "-q", "python:3.12")).stderr, "");
});

test("images pull warns of an image in which no agent can run", async (t) => {
  const { run } = await harness(t, streaming(["done", { ...pulled, ...unfit }]));
  const { code, stderr } = await run("pull", "python:3.12");
  assert.deepEqual([code, stderr], [0, "stromboli: no agent can run in it: it has no C library"]);
});

for (const [code, exitCode] of [
  ["image_not_found", 1],
  ["registry_denied", 78],
  ["registry_unreachable", 69],
  ["disk_full", 69],
] as const)
  test(`images pull ends with ${exitCode} for ${code}`, async (t) => {
    const { run } = await harness(t, streaming(["error", { error: "no", code }]));
    const { code: ended, stderr } = await run("pull", "python:3.12");
    assert.deepEqual([ended, stderr], [exitCode, "stromboli: no"]);
  });

test("images pull does not take a stream that breaks off for success", async (t) => {
  const { run } = await harness(t, streaming(["progress", { message: "Copying blob" }]));
  assert.equal((await run("pull", "-q", "python:3.12")).code, 69);
});

test("images search asks for what it is told", async (t) => {
  const results = [{ index: "quay.io", name: "quay.io/a", description: "An A", stars: 3, official: true }];
  const { run, asked } = await harness(t, {
    "GET /images/search": (_, response) => json(response, { results }),
  });
  const { code, stdout } = await run("search", "quay.io/a", "--limit", "5", "--no-trunc");
  assert.equal(code, 0);
  assert.match(stdout, /^NAME .*\nquay\.io\/a +3 +yes +An A$/);
  assert.deepEqual(asked(), ["GET /images/search?q=quay.io%2Fa&limit=5&no_trunc=true"]);
});
