import assert from "node:assert/strict";
import { test } from "node:test";
import { RunRequest } from "../../lib/schema/run.ts";

const uuid = "0193b1c2-aaaa-4bbb-8ccc-0123456789ab";
const accepts = (more: object): boolean => RunRequest.safeParse({ prompt: "hi", ...more }).success;
const pathsOf = (value: unknown): string[] =>
  RunRequest.safeParse(value).error?.issues.map(({ path }) => path.join(".")) ?? [];

for (const [title, more] of [
  ["nothing but a prompt", {}],
  ["null and empty options", { claude: null, podman: {} }],
  ["empty options of later versions", { podman: { lifecycle: {}, environment: {} } }],
  ["a prompt in any script", { prompt: "שלום 你好 🦊 \u2028 \0" }],
  ["a prompt that begins with dashes", { prompt: "--help" }],
  ["unknown fields of an agent", { claude: { agents: { reviewer: { anything: [1] } } } }],
  ["an empty list of tools", { claude: { tools: [] } }],
  [
    "an image with a registry, a port and a digest",
    { podman: { image: `r.example:5000/a/b@sha256:${"0".repeat(64)}` } },
  ],
  ["a volume in either form", { podman: { volumes: ["/a:/b", "/a:/c:ro"] } }],
  ["a workdir", { workdir: "/home/agent/a b" }],
  ["the root as a workdir, which the policy refuses in words", { workdir: "/" }],
  ["an empty value of a variable", { podman: { env: { A: "" } } }],
] as const) {
  test(`a request may have ${title}`, () => assert.ok(accepts(more)));
}

for (const name of ["lifecycle", "environment"]) {
  test(`${name}: null means that there is none`, () => assert.ok(accepts({ podman: { [name]: null } })));
}

for (const [title, more] of [
  ["an empty prompt", { prompt: "" }],
  ["a prompt that is no text", { prompt: ["hi"] }],
  ["a workdir that is not absolute", { workdir: "src" }],
  ["a workdir with ..", { workdir: "/workspace/../etc" }],
  ["a workdir with a NUL", { workdir: "/a\0b" }],
  ["a workdir that ends with a slash", { workdir: "/workspace/" }],
  ["a workdir with an empty segment", { workdir: "/workspace//a" }],
  ["an image that would be a flag", { podman: { image: "--privileged" } }],
  ["an image with a space", { podman: { image: "debian -v /:/host" } }],
  ["a CPU limit that is a number", { podman: { cpus: 1 } }],
  ["a negative CPU weight", { podman: { cpu_shares: -1 } }],
  ["an endless number of turns", { claude: { max_turns: Infinity } }],
  ["half a turn", { claude: { max_turns: 1.5 } }],
  ["a budget of nothing", { claude: { max_budget_usd: 0 } }],
  ["a session id that is a path", { claude: { session_id: "../../etc" } }],
  ["a session id in braces", { claude: { session_id: `{${uuid}}` } }],
  ["a model with a NUL", { claude: { model: "a\0b" } }],
  ["an option too long for an argument", { claude: { system_prompt: "é".repeat(60_001) } }],
  ["a variable's name with =", { podman: { env: { "A=B": "" } } }],
  ["a variable's name that begins with a digit", { podman: { env: { "1A": "" } } }],
  ["a variable's value with a line feed", { podman: { env: { A: "x\nLD_PRELOAD=y" } } }],
  ["a variable's value with a carriage return", { podman: { env: { A: "x\ry" } } }],
  ["a secret's name with a comma", { podman: { secrets_env: { A: "s,type=mount" } } }],
  ["51 secrets", { podman: { secrets_env: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`A${n}`, "s"])) } }],
  ["51 volumes", { podman: { volumes: Array.from({ length: 51 }, (_, n) => `/a:/b${n}`) } }],
  ["a label that is no text", { labels: { a: 1 } }],
  ["an unknown network", { podman: { network: "host" } }],
  ["resume without a session", { claude: { resume: true } }],
  ["fork without resume", { claude: { fork_session: true } }],
  ["continue with a session", { claude: { continue: true, session_id: uuid } }],
  ["no_persistence with resume", { claude: { resume: true, session_id: uuid, no_persistence: true } }],
] as const) {
  test(`a request may not have ${title}`, () => assert.equal(accepts(more), false));
}

for (const [title, more] of [
  ["a NUL in a volume", { podman: { volumes: ["/a:/b\0c"] } }],
  ["a line feed in what becomes a variable", { claude: { bedrock_service_tier: "x\nLD_PRELOAD=/evil.so" } }],
  [
    "a list of tools too long for one argument",
    { claude: { allowed_tools: ["a".repeat(90_000), "b".repeat(90_000)] } },
  ],
  ["agents too long for one argument", { claude: { agents: { a: "x".repeat(200_000) } } }],
] as const) {
  test(`a request may not have ${title}`, () => assert.equal(accepts(more), false));
}

test("an unknown field is refused", () => {
  assert.equal(accepts({ promt: "" }), false);
});

test("an unknown field of the options is refused at its place", () => {
  assert.deepEqual(pathsOf({ prompt: "hi", claude: { modle: "x" }, podman: { memroy: "1g" } }), ["claude", "podman"]);
});

test("a prompt may have 1 MiB and not a byte more", () => {
  const half = "é".repeat(524_288);
  assert.deepEqual([accepts({ prompt: half }), accepts({ prompt: `${half}.` })], [true, false]);
});

test("a session id is taken in lower case, so that it names one folder", () => {
  const { claude } = RunRequest.parse({ prompt: "hi", claude: { session_id: uuid.toUpperCase() } });
  assert.equal(claude?.session_id, uuid);
});

test("what a request says by itself adds no defaults", () => {
  assert.deepEqual(RunRequest.parse({ prompt: "hi" }), { prompt: "hi" });
});
