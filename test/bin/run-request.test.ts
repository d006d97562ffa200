import assert from "node:assert/strict";
import { test } from "node:test";
import { requestFrom, type RunFlags } from "../../bin/run-request.ts";
import { RunRequest } from "../../lib/schema/run.ts";

const caller = { cwd: () => "/home/ann/project", env: { TOKEN: "from here", EMPTY: "" } };
const from = (flags: RunFlags, prompt = "hi") => requestFrom(prompt, flags, caller);
const refused = (message: RegExp) => ({ name: "Failure", exitCode: 2, message });

test("without flags a request is the prompt, and deltas to show", () => {
  assert.deepEqual(from({}), { prompt: "hi", claude: { include_partial_messages: true }, podman: {} });
});

test("every flag has its field, and the daemon's schema takes them all", () => {
  const request = from({
    model: "opus",
    image: "debian:12",
    volume: ["/a:/b:ro"],
    workdir: "/w",
    memory: "1g",
    cpus: "2",
    session: "0193b1c2-aaaa-4bbb-8ccc-0123456789ab",
    resume: true,
    fork: true,
    timeout: "5m",
    network: "none",
    env: ["A=1"],
    secret: ["B=name"],
    maxTurns: "3",
    maxBudgetUsd: "0.5",
    allowedTools: ["Edit"],
    permissionMode: "plan",
    yolo: true,
    demo: true,
    priority: "-5",
    label: ["batch=7", "note=a=b"],
    webhook: "https://example.com/hook",
  });
  assert.deepEqual(RunRequest.parse(request), request);
  assert.deepEqual(request, {
    prompt: "hi",
    workdir: "/w",
    demo: true,
    priority: -5,
    labels: { batch: "7", note: "a=b" },
    webhook_url: "https://example.com/hook",
    claude: {
      include_partial_messages: true,
      model: "opus",
      session_id: "0193b1c2-aaaa-4bbb-8ccc-0123456789ab",
      resume: true,
      fork_session: true,
      max_turns: 3,
      max_budget_usd: 0.5,
      allowed_tools: ["Edit"],
      permission_mode: "plan",
      dangerously_skip_permissions: true,
    },
    podman: {
      image: "debian:12",
      volumes: ["/a:/b:ro"],
      memory: "1g",
      cpus: "2",
      timeout: "5m",
      env: { A: "1" },
      secrets_env: { B: "name" },
      network: "none",
    },
  });
});

test("resume without a session goes on with the last one", () => {
  assert.deepEqual(from({ resume: true }).claude, { include_partial_messages: true, continue: true });
});

for (const [text, volume] of [
  [".", "/home/ann/project:/workspace"],
  ["./src:/src", "/home/ann/project/src:/src"],
  ["..:/up:ro", "/home/ann:/up:ro"],
  ["sub dir", "/home/ann/project/sub dir:/workspace"],
  ["/data", "/data:/workspace"],
  ["/data:/data:ro,z", "/data:/data:ro,z"],
] as const) {
  test(`the volume ${text} is ${volume}`, () => assert.deepEqual(from({ volume: [text] }).podman?.volumes, [volume]));
}

for (const text of ["", ":/x"]) {
  test(`a volume without a folder is refused, as from an unset variable: ${JSON.stringify(text)}`, () => {
    assert.throws(() => from({ volume: [text] }), refused(/--volume/));
  });
}

test("a variable's value may hold equals signs and be empty", () => {
  assert.deepEqual(from({ env: ["A=b=c", "D="] }).podman?.env, { A: "b=c", D: "" });
});

test("a variable's name alone passes on the caller's, an empty one too", () => {
  assert.deepEqual(from({ env: ["TOKEN", "EMPTY"] }).podman?.env, { TOKEN: "from here", EMPTY: "" });
});

test("a variable that the caller does not have is refused", () => {
  assert.throws(() => from({ env: ["NOPE"] }), refused(/--env NOPE: .*write NOPE=value/));
});

for (const [flags, message] of [
  [{ env: ["=1"] }, /--env =1/],
  [{ secret: ["NAME"] }, /--secret NAME: write it as NAME=value/],
  [{ secret: ["=x"] }, /--secret/],
  [{ label: ["name"] }, /--label name: write it as NAME=value/],
  [{ priority: "high" }, /--priority high/],
  [{ maxTurns: "many" }, /--max-turns many/],
  [{ maxTurns: "" }, /--max-turns/],
  [{ maxBudgetUsd: "Infinity" }, /--max-budget-usd/],
] as const) {
  test(`${JSON.stringify(flags)} is a mistake of usage`, () => {
    assert.throws(() => from(flags as RunFlags), refused(message)); // the readonly lists of the table
  });
}

test("a prompt is sent as it stands", () => {
  assert.equal(from({}, "--help \n 🦊").prompt, "--help \n 🦊");
});
