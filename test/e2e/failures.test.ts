import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { bash } from "./requests.ts";

const stromboli = await startStromboli({ after }, { config: { claude: { max_retries: 1 } } });
const { run } = stromboli;

const refusals = { 401: "authenticate", 500: "500" };
for (const [status, pattern] of Object.entries(refusals)) {
  test(`a model API that answers ${status} to the end is an api_error`, async () => {
    const { status: answered, body } = await run({ prompt: `fail ${status}` });
    assert.deepEqual([answered, body.status, body.outcome, body.exit_code], [200, "failed", "api_error", 1]);
    assert.match(body.error ?? "", new RegExp(pattern, "i"));
  });
}

test("a model API that answers 429 once and then well is a success", async () => {
  const { body } = await run({ prompt: "fail 429 x1 retry-after=0\nsay: at last" });
  assert.deepEqual([body.outcome, body.output], ["succeeded", "at last"]);
  assert.deepEqual(
    stromboli.apiRequestsOf(String(body.id)).map(({ status }) => status),
    [429, 200],
  );
});

test("an answer that is broken every time is an api_error", async () => {
  const { body } = await run({ prompt: "truncated always" });
  assert.deepEqual([body.status, body.outcome], ["failed", "api_error"]);
});

test("a model that hangs in the middle of an answer is ended by the timeout, and the usage so far is known", async () => {
  const { status, body } = await run({ prompt: "hang-mid", podman: { timeout: "6s" } });
  assert.deepEqual([status, body.status, body.outcome, body.usage?.input_tokens], [200, "failed", "timed_out", 10]);
});

test("an unknown model is an api_error that names it", async () => {
  const { body } = await run({ prompt: "hello", claude: { model: "no-such-model" } });
  assert.equal(body.outcome, "api_error");
  assert.match(body.error ?? "", /no-such-model/);
});

test("max_turns ends an agent that goes on and on", async () => {
  const { prompt, claude } = bash("true");
  const { status, body } = await run({ prompt: `forever ${prompt}`, claude: { ...claude, max_turns: 2 } });
  assert.deepEqual([status, body.status, body.outcome], [200, "failed", "max_turns"]);
});

test("max_budget_usd ends an agent that has cost that much", async () => {
  const { prompt, claude } = bash("true");
  const request = {
    prompt: `usage in=1000000 out=1000000\nforever ${prompt}`,
    claude: { ...claude, max_budget_usd: 0.5 },
  };
  const { status, body } = await run(request);
  assert.deepEqual([status, body.status, body.outcome], [200, "failed", "budget"]);
  assert.ok((body.usage?.estimated_cost_usd ?? 0) > 0.5);
});

test("an agent that fails without a result is an agent_error", async () => {
  const { status, body } = await run({
    prompt: "hello",
    claude: { mcp_configs: ["/no/such/file"], strict_mcp_config: true },
  });
  assert.deepEqual([status, body.status, body.outcome, body.exit_code], [200, "failed", "agent_error", 1]);
  assert.equal(body.crash_info?.exit_code, 1);
});

test("an API that refuses the daemon's key is an api_error without the key in it", async (t) => {
  const other = await startStromboli(t, { env: { ANTHROPIC_API_KEY: "sk-ant-wrong-0123456789" } });
  const { body } = await other.run({ prompt: "hello" });
  assert.equal(body.outcome, "api_error");
  assert.doesNotMatch(JSON.stringify(body), /sk-ant-wrong/);
});

test("an API that nobody answers at is an api_error", async (t) => {
  const config = { claude: { api_url: "http://127.0.0.1:9", max_retries: 0 } };
  const { body } = await (await startStromboli(t, { config })).run({ prompt: "hello" });
  assert.equal(body.outcome, "api_error");
});

test("an OAuth token opens the API as well as a key", async (t) => {
  const token = { ANTHROPIC_API_KEY: "", CLAUDE_CODE_OAUTH_TOKEN: stromboli.key };
  const config = { claude: { api_url: stromboli.model.url } };
  const { body } = await (await startStromboli(t, { env: token, config })).run({ prompt: "hello" });
  assert.deepEqual([body.outcome, body.output], ["succeeded", "echo: hello"]);
  assert.equal(stromboli.model.requests.at(-1)?.headers.authorization, `Bearer ${stromboli.key}`);
});
