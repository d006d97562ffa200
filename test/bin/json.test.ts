import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { execa } from "execa";
import { tempFolder } from "../harness.ts";
import { answering, json, type Answers } from "./harness.ts";

const launcher = join(import.meta.dirname, "../../bin/stromboli");
const secret = { name: "a", created_at: "2026-01-01T00:00:00.000Z" };
const job = { id: "run-0123456789abcdef", status: "running" };
const pulled = { success: true, image_id: "abc", image: "docker.io/a:1", compatibility_rank: 1 };
const delivery = { id: "1", status: "pending" };

const answers: Answers = {
  "POST /secrets": (_, response) => json(response, secret),
  "DELETE /secrets/a": (_, response) => json(response, { name: "a" }),
  "DELETE /tokens/a": (_, response) => json(response, { name: "a" }),
  "GET /jobs": (_, response) => json(response, { jobs: [job] }),
  [`GET /jobs/${job.id}`]: (_, response) => json(response, job),
  "GET /images/a": (_, response) => json(response, pulled),
  "POST /images/pull": (_, response) => void response.end(`event: done\ndata: ${JSON.stringify(pulled)}\n\n`),
  "POST /webhooks/deliveries/1/redeliver": (_, response) => json(response, delivery),
};

/** The real command with a configuration folder of its own, before a stand-in of the daemon. */
const harness = async (t: TestContext) => {
  const { socketPath } = await answering(t, answers);
  const folder = tempFolder(t);
  const env = { STROMBOLI_HOST: `unix://${socketPath}`, XDG_CONFIG_HOME: folder };
  const run = (line: string) => execa(launcher, [...line.split(" "), "--json"], { env, input: "x", reject: false });
  return { run, folder };
};

const lines: [line: string, printed: unknown][] = [
  ["inspect 0123", job],
  ["images inspect a", pulled],
  ["images pull a", pulled],
  ["secrets create a", secret],
  ["secrets rm a a", ["a", "a"]],
  ["token revoke a", ["a"]],
  ["webhooks redeliver 1", delivery],
];
for (const [line, printed] of lines)
  test(`stromboli ${line} --json prints JSON alone`, async (t) => {
    const { run } = await harness(t);
    const { exitCode, stdout } = await run(line);
    assert.deepEqual([exitCode, JSON.parse(stdout)], [0, printed]);
  });

test("contexts are added, used and removed with JSON", async (t) => {
  const { run } = await harness(t);
  const printed = async (line: string): Promise<unknown> => JSON.parse((await run(line)).stdout);
  assert.deepEqual(await printed("context add box unix:///box.sock"), { name: "box" });
  assert.deepEqual(await printed("context use box"), { name: "box" });
  assert.deepEqual(await printed("context rm box"), ["box"]);
});

test("config init --json prints the path of the file", async (t) => {
  const { run, folder } = await harness(t);
  assert.deepEqual(JSON.parse((await run("config init")).stdout), { file: join(folder, "stromboli/stromboli.yaml") });
});

test("what was removed before one failed is in the JSON", async (t) => {
  const { run } = await harness(t);
  const { exitCode, stdout } = await run("secrets rm a unknown a");
  assert.notEqual(exitCode, 0);
  assert.deepEqual(JSON.parse(stdout), ["a"]);
});
