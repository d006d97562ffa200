import type { ClaudeOptions } from "../schema/claude.ts";

/** Which conversation the CLI is to start or continue. */
export type Conversation =
  | { kind: "new"; id: string }
  | { kind: "resume"; id: string }
  | { kind: "fork"; id: string; from: string };

type Values = { [Name in keyof ClaudeOptions]-?: NonNullable<ClaudeOptions[Name]> };
type Flags = { readonly [Name in keyof Values]: (value: Values[Name]) => readonly string[] };

const none = () => [];
const on = (flag: string) => (value: boolean) => (value ? [flag] : []);
const one = (flag: string) => (value: string | number) => [`${flag}=${value}`];
const each = (flag: string) => (values: readonly string[]) => values.map((value) => `${flag}=${value}`);
const joined = (flag: string) => (values: readonly string[]) => [`${flag}=${values.join(",")}`];

/** Every option is one flag, its value joined by `=` so that no value can pass for a flag. */
const flags: Flags = {
  session_id: none, // the conversation's flags come from conversationFlags
  resume: none,
  continue: none,
  fork_session: none,
  no_persistence: on("--no-session-persistence"),
  model: one("--model"),
  fallback_model: one("--fallback-model"),
  effort: one("--effort"),
  system_prompt: one("--system-prompt"),
  append_system_prompt: one("--append-system-prompt"),
  tools: joined("--tools"),
  allowed_tools: joined("--allowedTools"),
  disallowed_tools: joined("--disallowedTools"),
  permission_mode: one("--permission-mode"),
  dangerously_skip_permissions: on("--dangerously-skip-permissions"),
  allow_dangerously_skip_permissions: on("--allow-dangerously-skip-permissions"),
  input_format: none, // always stream-json, see below
  output_format: none,
  include_partial_messages: on("--include-partial-messages"),
  replay_user_messages: on("--replay-user-messages"),
  json_schema: one("--json-schema"),
  max_budget_usd: one("--max-budget-usd"),
  max_turns: one("--max-turns"),
  mcp_configs: each("--mcp-config"),
  strict_mcp_config: on("--strict-mcp-config"),
  agent: one("--agent"),
  agents: (agents) => [`--agents=${JSON.stringify(agents)}`],
  add_dirs: each("--add-dir"),
  plugin_dirs: each("--plugin-dir"),
  files: each("--file"),
  settings: one("--settings"),
  setting_sources: joined("--setting-sources"),
  betas: each("--betas"),
  verbose: none,
  debug: (value) => (value ? ["--debug-file=/dev/stderr"] : []),
  disable_slash_commands: on("--disable-slash-commands"),
  prompt_caching_ttl: none, // these three are environment variables
  bedrock_service_tier: none,
  enable_powershell_tool: none,
};

/** The CLI's arguments. Pure. It reads and writes stream-json always: that alone tells success from a lost answer. */
export const cliArguments = (options: ClaudeOptions, conversation: Conversation): string[] => [
  "--print",
  "--input-format=stream-json",
  "--output-format=stream-json",
  "--verbose",
  ...conversationFlags(conversation),
  ...names.flatMap((name) => flagOf(name, options)),
];

/** Environment variables that stand for options without a flag. */
export const cliEnvironment = ({
  prompt_caching_ttl,
  bedrock_service_tier,
}: ClaudeOptions): Record<string, string> => ({
  ...(prompt_caching_ttl === "5m" && { FORCE_PROMPT_CACHING_5M: "1" }),
  ...(prompt_caching_ttl === "1h" && { ENABLE_PROMPT_CACHING_1H: "1" }),
  ...(bedrock_service_tier !== undefined && { ANTHROPIC_BEDROCK_SERVICE_TIER: bedrock_service_tier }),
});

/** The prompt as one line of stream-json; a leading space keeps the CLI from taking it as a command. */
export const promptLine = (prompt: string, { disable_slash_commands }: ClaudeOptions): string => {
  const content = disable_slash_commands && prompt.startsWith("/") ? ` ${prompt}` : prompt;
  return `${JSON.stringify({ type: "user", message: { role: "user", content } })}\n`;
};

const names = Object.keys(flags) as (keyof Flags)[]; // the keys of an object literal

const flagOf = (name: keyof Values, options: ClaudeOptions): readonly string[] => {
  const value = options[name];
  return value === undefined ? [] : flags[name](value as never); // one name picks both, so they fit; the type checker cannot tell
};

const conversationFlags = (conversation: Conversation): string[] => {
  if (conversation.kind === "new") return [`--session-id=${conversation.id}`];
  if (conversation.kind === "resume") return [`--resume=${conversation.id}`];
  return [`--resume=${conversation.from}`, "--fork-session", `--session-id=${conversation.id}`];
};
