import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { makeStandIn } from "./stand-in.ts";

const stromboli = await startStromboli({ after }, { config: { claude: { binary: makeStandIn({ after }) } } });
const { run, send } = stromboli;

const megabyte = 1_048_576;

/** Where and how a request is refused. */
const refusal = async (request: Record<string, unknown>) => {
  const { status, body } = await run({ prompt: "hello", ...request });
  return [status, body.code, body.details?.[0]?.path];
};

for (const nothing of [null, {}]) {
  test(`${JSON.stringify(nothing)} is the same as nothing for optional objects`, async () => {
    const requests = [{ claude: nothing, podman: nothing }, { podman: { lifecycle: nothing, environment: nothing } }];
    const answers = await Promise.all(requests.map((request) => run({ prompt: "answer hello", ...request })));
    assert.deepEqual(
      answers.map(({ body }) => body.outcome),
      ["succeeded", "succeeded"],
    );
  });
}

const unknown = {
  promt: {},
  "claude.modle": { claude: { modle: "x" } },
  "podman.memroy": { podman: { memroy: "1g" } },
};
for (const [path, request] of Object.entries(unknown)) {
  test(`an unknown field is refused by its name: ${path}`, async () => {
    assert.deepEqual(await refusal({ [path]: 1, ...request }), [400, "invalid_request", path]);
  });
}

const units = {
  memory: ["512mb", "-1", "1e9", "0", "0m", "512", "1.5g", "m", " 1g", "1g ", "512M", "63m", "9".repeat(30) + "g"],
  cpus: ["1.5.2", "-1", "0", "1e3", "", "0.001", ".5", "two", "10000000"],
  timeout: ["10", "-1s", "1e9", "0", "0s", "1h 30m", "30m1h", "1.5h", "", "25d", "s"],
};
for (const [field, values] of Object.entries(units)) {
  for (const value of values) {
    test(`${JSON.stringify(value)} is no ${field}`, async () => {
      assert.deepEqual(await refusal({ podman: { [field]: value } }), [400, "invalid_request", `podman.${field}`]);
    });
  }
}

const wrong: [path: string, request: object][] = [
  ["prompt", { prompt: 1 }],
  ["prompt", { prompt: ["hello"] }],
  ["podman.memory", { podman: { memory: 512 } }],
  ["podman.cpus", { podman: { cpus: 1 } }],
  ["podman.cpu_shares", { podman: { cpu_shares: 1 } }],
  ["podman.cpu_shares", { podman: { cpu_shares: 2.5 } }],
  ["podman.network", { podman: { network: "host" } }],
  ["podman.network", { podman: { network: "container:x" } }],
  ["podman.volumes", { podman: { volumes: "/a:/b" } }],
  ["podman.read_only", { podman: { read_only: "no" } }],
  ["claude.max_turns", { claude: { max_turns: 0 } }],
  ["claude.max_turns", { claude: { max_turns: 1.5 } }],
  ["claude.max_budget_usd", { claude: { max_budget_usd: -1 } }],
  ["claude.permission_mode", { claude: { permission_mode: "yolo" } }],
  ["claude.effort", { claude: { effort: "huge" } }],
  ["claude.output_format", { claude: { output_format: "xml" } }],
  ["claude.model", { claude: { model: "" } }],
  ["claude.model", { claude: { model: "a\0b" } }],
  ["claude.system_prompt", { claude: { system_prompt: "x".repeat(120_001) } }],
  ["claude.allowed_tools", { claude: { allowed_tools: "Bash" } }],
  ["priority", { priority: "high" }],
  ["priority", { priority: 101 }],
  ["idempotency_key", { idempotency_key: "two words" }],
  ["webhook_url", { webhook_url: "hooks.example" }],
  ["webhook_url", { webhook_url: "file:///etc/passwd" }],
  ["labels.a b", { labels: { "a b": "x" } }],
  ["labels.a", { labels: { a: "x".repeat(256) } }],
  ["claude", { claude: [] }],
  ["podman", { podman: "x" }],
  ["podman.environment", { podman: { environment: { type: "compose" } } }],
  ["podman.environment.path", { podman: { environment: { type: "compose", path: "compose.yaml" } } }],
];
for (const [path, request] of wrong) {
  test(`a wrong value is refused by its path: ${JSON.stringify(request).slice(0, 60)}`, async () => {
    assert.deepEqual(await refusal({ ...request }), [400, "invalid_request", path]);
  });
}

for (const body of ["", "null", "[]", '"text"', "1", "{", "not JSON", '{"prompt":"a",}', "\u0000"]) {
  test(`${JSON.stringify(body)} is no request`, async () => {
    const response = await send("/run", { method: "POST", body });
    const { code } = (await response.json()) as { code: string };
    assert.deepEqual([response.status, code], [400, "invalid_request"]);
  });
}

for (const type of ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"]) {
  test(`a body is JSON even where its Content-Type is ${type}`, async () => {
    const init = { method: "POST", body: '{"prompt": "hello", "podman": {"image": "localhost/missing"}}' };
    assert.equal((await send("/run", { ...init, headers: { "content-type": type } })).status, 404); // it was read
  });
}

test("a body of more than 10 MiB is refused with 413", async () => {
  const body = JSON.stringify({ prompt: "x".repeat(10 * megabyte) });
  const response = await send("/run", { method: "POST", body });
  const { code, status } = (await response.json()) as { code: string; status: string };
  assert.deepEqual([response.status, code, status], [413, "payload_too_large", "error"]);
});

test("a body of more than 10 MiB that does not say so is refused with 413", async () => {
  const chunks = Array.from({ length: 11 }, () => Buffer.alloc(megabyte, "x"));
  const init = { method: "POST", body: ReadableStream.from(chunks), duplex: "half" };
  assert.equal((await send("/run", init as RequestInit)).status, 413);
});

test("what is refused leaves no job, session or container behind", async () => {
  await Promise.all([refusal({ podman: { memory: "1" } }), refusal({ podman: { image: "localhost/missing" } })]);
  assert.deepEqual(await stromboli.containers(), []);
  assert.equal(stromboli.count("jobs where outcome is null or outcome <> 'succeeded'"), 0);
});
