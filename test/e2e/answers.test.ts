import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { z } from "zod";
import { RunResponse } from "../../lib/schema/job.ts";
import { startStromboli } from "./harness.ts";
import { bash } from "./requests.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after });
const { run } = stromboli;

const labels = { team: "compilers", "ticket.id": "ST-1" };
const response = await stromboli.send("/run", { method: "POST", body: JSON.stringify({ prompt: "hello", labels }) });
const hello: unknown = await response.json();

test("a prompt is answered with text, and labels come back with it", () => {
  const body = RunResponse.parse(hello);
  assert.deepEqual(
    [response.status, body.status, body.outcome, body.output],
    [200, "completed", "succeeded", "echo: hello"],
  );
  assert.deepEqual(body.labels, labels);
});

test("an answer holds what the contract says and nothing else", () => {
  const body = z.strictObject(RunResponse.shape).parse(hello);
  assert.match(body.id, /^run-[0-9a-f]{16}$/);
  assert.equal(body.exit_code, 0);
  assert.equal(body.num_turns, 1);
  assert.ok(body.queued_at <= (body.started_at ?? "") && (body.started_at ?? "") < body.ended_at);
  assert.ok(body.timings_ms.agent > 0 && Number(body.timings_ms.first_token) > 0);
  assert.equal(body.image.reference, "localhost/stromboli-agent:latest");
  assert.match(body.image.digest, /^sha256:[0-9a-f]{64}$/);
});

test("a tool works in the container, not on the host, and each request to the model is written down with its tokens", async () => {
  const { body } = await run(
    bash("echo made in $(hostname) > made.txt; pwd; id -u; cat made.txt; touch /home/agent/too"),
  );
  const session = join(stromboli.place.state, "sessions", String(body.session_id));
  assert.match(body.output ?? "", /^result: \/workspace\n[1-9]\d*\nmade in stromboli$/);
  assert.equal(readFileSync(join(session, "workspace/made.txt"), "utf8"), "made in stromboli\n");
  assert.ok(existsSync(join(session, "home/too")));
  assert.deepEqual([existsSync("/workspace"), existsSync("/home/agent")], [false, false]);
  assert.deepEqual(
    stromboli.apiRequestsOf(String(body.id)).map(({ path, status, output_tokens }) => [path, status, output_tokens]),
    [
      ["/v1/messages", 200, 5],
      ["/v1/messages", 200, 5],
    ],
  );
});

test("tools that need a permission do not get it unasked", async () => {
  const write = `use Write: ${JSON.stringify({ file_path: "/workspace/written.txt", content: "x" })}`;
  const { body } = await run({ prompt: `${write}\nuse Bash: touch made.txt` });
  assert.match(body.output ?? "", /permission|approval/i);
  const workspace = stromboli.workspace(String(body.session_id));
  assert.deepEqual(
    ["written.txt", "made.txt"].filter((name) => existsSync(join(workspace, name))),
    [],
  );
});

test("a json_schema gives a value of that shape", async () => {
  const json_schema = JSON.stringify({
    type: "object",
    properties: { answer: { type: "number" } },
    required: ["answer"],
  });
  const { body } = await run({ prompt: 'json: {"answer": 42}', claude: { json_schema } });
  assert.deepEqual([body.outcome, body.structured_output], ["succeeded", { answer: 42 }]);
});

test("output_format stream-json gives the raw lines, and usage counts tokens of every kind and prices them", async () => {
  const prompt = "usage in=100 out=50 read=20 write=30\nsay: done";
  const { body } = await run({ prompt, claude: { output_format: "stream-json" } });
  const { model, estimated_cost_usd, ...tokens } = body.usage ?? { model: "", estimated_cost_usd: 0 };
  assert.deepEqual(tokens, {
    input_tokens: 100,
    output_tokens: 50,
    cache_creation_input_tokens: 30,
    cache_read_input_tokens: 20,
    total_tokens: 200,
  });
  assert.ok(model !== "" && estimated_cost_usd > 0);
  const types = (body.output ?? "").split("\n").map((line) => (JSON.parse(line) as { type: string }).type);
  assert.deepEqual([types[0], types.includes("assistant"), types.at(-1)], ["system", true, "result"]);
});

test("a long answer comes whole", async () => {
  const { body } = await run({ prompt: "long 3072", podman: { memory: "1g" } });
  const lines = (body.output ?? "").trimEnd().split("\n");
  assert.deepEqual([lines.length, lines.at(-1)?.slice(0, 8)], [3072 * 16, "00049151"]);
});

test("an agent that says nothing has an empty output", async () => {
  const { body } = await run({ prompt: "empty" });
  assert.deepEqual([body.outcome, body.output], ["succeeded", ""]);
});

test("system prompts and the model's name reach the model, and output_format json gives the result object as text", async () => {
  const claude = {
    output_format: "json" as const,
    model: "claude-haiku-4-5",
    system_prompt: "You are the sea.",
    append_system_prompt: "And the wind.",
  };
  const { body } = await run({ prompt: "system", claude });
  const { type, result, session_id } = JSON.parse(body.output ?? "") as Record<string, unknown>;
  assert.deepEqual([type, session_id], ["result", body.session_id]);
  assert.match(String(result), /You are the sea\.[^]*And the wind\./);
  assert.equal(body.usage?.model, "claude-haiku-4-5");
});

test("tools can be taken away", async () => {
  const { body } = await run({ prompt: "tools", claude: { tools: ["Bash", "Read"], disallowed_tools: ["Bash"] } });
  const tools = (body.output ?? "").split("\n");
  assert.deepEqual([tools.includes("Read"), tools.includes("Bash")], [true, false]);
});

test("after a run its container is gone, and of the job's folder only the output is left", async () => {
  const { id } = RunResponse.parse(hello);
  const folder = join(stromboli.place.state, "jobs", id);
  await until("the clean-up", () => !existsSync(join(folder, "broker")) && !existsSync(join(folder, "env")));
  assert.equal((await stromboli.containers()).includes(`stromboli-${id}`), false);
  assert.equal(existsSync(join(folder, "input.jsonl")), false);
  assert.match(readFileSync(join(folder, "output.jsonl"), "utf8"), /"type":"result"/);
});
