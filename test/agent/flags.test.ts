import assert from "node:assert/strict";
import { test } from "node:test";
import { cliArguments, cliEnvironment, promptLine, type Conversation } from "../../lib/agent/flags.ts";
import { ClaudeOptions } from "../../lib/schema/claude.ts";

const conversation: Conversation = { kind: "new", id: "s-1" };
const always = [
  "--print",
  "--input-format=stream-json",
  "--output-format=stream-json",
  "--verbose",
  "--session-id=s-1",
];

/** What options add to the arguments that are always there. */
const added = (options: ClaudeOptions): string[] => cliArguments(options, conversation).slice(always.length);

test("without options the CLI reads and writes stream-json in a session of the given name", () => {
  assert.deepEqual(cliArguments({}, conversation), always);
});

const each: readonly (readonly [ClaudeOptions, readonly string[]])[] = [
  [{ no_persistence: true }, ["--no-session-persistence"]],
  [{ model: "opus" }, ["--model=opus"]],
  [{ fallback_model: "haiku" }, ["--fallback-model=haiku"]],
  [{ effort: "xhigh" }, ["--effort=xhigh"]],
  [{ system_prompt: "--be kind" }, ["--system-prompt=--be kind"]],
  [{ append_system_prompt: "a\nb" }, ["--append-system-prompt=a\nb"]],
  [{ tools: ["Bash", "Read"] }, ["--tools=Bash,Read"]],
  [{ tools: [] }, ["--tools="]],
  [{ allowed_tools: ["Bash(git *)", "Edit"] }, ["--allowedTools=Bash(git *),Edit"]],
  [{ disallowed_tools: ["WebFetch"] }, ["--disallowedTools=WebFetch"]],
  [{ permission_mode: "plan" }, ["--permission-mode=plan"]],
  [{ dangerously_skip_permissions: true }, ["--dangerously-skip-permissions"]],
  [{ allow_dangerously_skip_permissions: true }, ["--allow-dangerously-skip-permissions"]],
  [{ include_partial_messages: true }, ["--include-partial-messages"]],
  [{ replay_user_messages: true }, ["--replay-user-messages"]],
  [{ json_schema: '{"type":"object"}' }, ['--json-schema={"type":"object"}']],
  [{ max_budget_usd: 0.5 }, ["--max-budget-usd=0.5"]],
  [{ max_turns: 3 }, ["--max-turns=3"]],
  [{ mcp_configs: ["a.json", "b.json"] }, ["--mcp-config=a.json", "--mcp-config=b.json"]],
  [{ strict_mcp_config: true }, ["--strict-mcp-config"]],
  [{ agent: "reviewer" }, ["--agent=reviewer"]],
  [{ agents: { a: { prompt: "x" } } }, ['--agents={"a":{"prompt":"x"}}']],
  [{ add_dirs: ["/a", "/b c"] }, ["--add-dir=/a", "--add-dir=/b c"]],
  [{ plugin_dirs: ["/p"] }, ["--plugin-dir=/p"]],
  [{ files: ["file_1:/a"] }, ["--file=file_1:/a"]],
  [{ settings: "{}" }, ["--settings={}"]],
  [{ setting_sources: ["user", "local"] }, ["--setting-sources=user,local"]],
  [{ betas: ["b1", "b2"] }, ["--betas=b1", "--betas=b2"]],
  [{ debug: true }, ["--debug-file=/dev/stderr"]],
  [{ disable_slash_commands: true }, ["--disable-slash-commands"]],
];

for (const [options, flags] of each) {
  test(`${JSON.stringify(options)} is ${flags.join(" ")}`, () => assert.deepEqual(added(options), flags));
}

const noFlag: ClaudeOptions = {
  session_id: "s-2",
  resume: true,
  continue: true,
  fork_session: true,
  input_format: "text",
  output_format: "json",
  verbose: true,
  prompt_caching_ttl: "1h",
  bedrock_service_tier: "flex",
  enable_powershell_tool: true,
};

test("the conversation, the formats and what is a variable are no flags", () => {
  assert.deepEqual(added(noFlag), []);
});

test("every option of the schema is tried here", () => {
  const tried = new Set([...each.flatMap(([options]) => Object.keys(options)), ...Object.keys(noFlag)]);
  assert.deepEqual(tried, new Set(Object.keys(ClaudeOptions.shape)));
});

test("an option that is false is no flag", () => {
  const names = each.flatMap(([options]) => Object.entries(options)).filter(([, value]) => value === true);
  assert.deepEqual(added(Object.fromEntries(names.map(([name]) => [name, false]))), []);
});

test("a session is resumed by its id", () => {
  const argv = cliArguments({}, { kind: "resume", id: "s-1" });
  assert.deepEqual(argv.slice(4), ["--resume=s-1"]);
});

test("a fork resumes the old session under the new id", () => {
  const argv = cliArguments({}, { kind: "fork", id: "new", from: "old" });
  assert.deepEqual(argv.slice(4), ["--resume=old", "--fork-session", "--session-id=new"]);
});

test("the lifetime of the cache and the service tier are variables", () => {
  assert.deepEqual(cliEnvironment(noFlag), { ENABLE_PROMPT_CACHING_1H: "1", ANTHROPIC_BEDROCK_SERVICE_TIER: "flex" });
});

test("a prompt is one line of JSON, whatever it holds", () => {
  const prompt = 'two\nlines \u2028 "quoted" 🦊 --help';
  const line = promptLine(prompt, {});
  assert.deepEqual(
    [line.indexOf("\n"), JSON.parse(line)],
    [line.length - 1, { type: "user", message: { role: "user", content: prompt } }],
  );
});

for (const [prompt, disable, content] of [
  ["/clear", true, " /clear"],
  ["/clear", false, "/clear"],
  ["plain", true, "plain"],
] as const) {
  test(`${prompt} is sent as ${JSON.stringify(content)} when slash commands are ${disable ? "off" : "on"}`, () => {
    const line = promptLine(prompt, { disable_slash_commands: disable });
    assert.deepEqual(JSON.parse(line), { type: "user", message: { role: "user", content } });
  });
}
