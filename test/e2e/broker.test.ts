import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { bash } from "./requests.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after });
const overTcp = await startStromboli(
  { after },
  { config: { claude: { transport: "tcp" }, defaults: { network: "full" } } },
);

const handle = '-H "x-api-key: $ANTHROPIC_API_KEY"';
const asks = {
  wrong: '-H "x-api-key: stromboli-wrong" http://x/v1/messages -d {}',
  missing: "http://x/v1/messages -d {}",
  real: `-H "x-api-key: ${stromboli.key}" http://x/v1/messages -d {}`,
  models: `${handle} http://x/v1/models`,
  files: `${handle} http://x/v1/files -d {}`,
  read: `${handle} http://x/v1/messages`,
  absolute: `${handle} --request-target http://169.254.169.254/latest -X POST http://x/`,
  outward: `${handle} --path-as-is http://x/v1/messages/../models -d {}`,
  twice: `${handle} --path-as-is http://x//v1/messages -d {}`,
  encoded: `${handle} http://x/v1/%6dessages -d {}`,
  malformed: `${handle} --request-target "http://[" -X POST http://x/`,
  head: "-I http://x/",
  bad: `${handle} http://x/v1/messages -d '{"model":1}'`,
  count: `${handle} http://x/v1/messages/count_tokens?beta=true -d '{"model":"m","messages":[]}'`,
  bearer:
    '-H "authorization: Bearer $ANTHROPIC_API_KEY" http://x/v1/messages/count_tokens -d \'{"model":"m","messages":[]}\'',
};
const script = Object.entries(asks).map(
  ([name, ask]) =>
    `echo "${name} $(curl -s -m 5 -o /dev/null -w '%{http_code}' --unix-socket $ANTHROPIC_UNIX_SOCKET ${ask})"`,
);
const { body } = await stromboli.run(bash(script.join("\n")));
const status = (name: keyof typeof asks) => Number(new RegExp(`${name} (\\d+)`).exec(body.output ?? "")?.[1]);

test("a wrong handle, none, and the real key itself are refused with 401", () => {
  assert.deepEqual([status("wrong"), status("missing"), status("real")], [401, 401, 401]);
});

test("paths that are not the model's are refused with 404, however they are written", () => {
  const names = ["models", "files", "absolute", "outward", "twice", "encoded", "malformed"] as const;
  assert.deepEqual(
    names.map((name) => [name, status(name) >= 400 && status(name) < 500]),
    names.map((name) => [name, true]),
  );
  const paths = new Set(stromboli.model.requests.map(({ method, path }) => `${method} ${path}`));
  assert.deepEqual([...paths].toSorted(), ["POST /v1/messages", "POST /v1/messages/count_tokens"]);
});

test("other methods on the model's paths are refused", () => {
  assert.equal(status("read"), 404);
});

test("the CLI's look whether somebody is there is answered without a handle", () => {
  assert.equal(status("head"), 200);
});

test("the model's paths are passed on with the handle, and the model's own refusals come back", () => {
  assert.deepEqual([status("count"), status("bearer"), status("bad")], [200, 200, 400]);
});

test("neither the handle nor the agent's own headers of authorization reach the model", () => {
  const sent = stromboli.model.requests.map(({ headers }) => [headers["x-api-key"], headers.authorization]);
  assert.deepEqual(
    sent,
    sent.map(() => [stromboli.key, undefined]),
  );
});

test("after the run the broker's socket is gone", async () => {
  await until("the clean-up", () => !existsSync(join(stromboli.place.state, "jobs", String(body.id), "broker")));
});

test("the answer streams through the broker as it is written", async () => {
  const began = Date.now();
  const arrivals: number[] = [];
  const claude = { output_format: "stream-json", include_partial_messages: true };
  const response = await stromboli.follow({ prompt: "slow 10 100", claude });
  for await (const chunk of response.body ?? []) {
    if (Buffer.from(chunk).includes("text_delta")) arrivals.push(Date.now() - began);
  }
  assert.ok((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0) >= 500, `arrivals: ${arrivals.join(", ")}`);
});

test("over TCP the agent reaches the model as well", async () => {
  const { body: answer } = await overTcp.run(bash('ls /opt; echo "${ANTHROPIC_UNIX_SOCKET-no socket}"'));
  assert.deepEqual([answer.outcome, answer.output], ["succeeded", "result: claude\nno socket"]);
});

test("over TCP network none cannot work and is refused", async () => {
  const { status: answered, body: answer } = await overTcp.run({ prompt: "hello", podman: { network: "none" } });
  assert.deepEqual([answered, answer.code], [400, "invalid_request"]);
});
