import { z } from "zod";

/** Each of these becomes one argument of a process, and the kernel takes at most 128 KiB in one. */
const text = z
  .string()
  .regex(/^[^\0]+$/, "must not be empty or have NUL characters")
  .refine((value) => Buffer.byteLength(value) <= 120_000, "must be at most 120000 bytes");
const list = (what: string) =>
  z
    .array(text)
    .max(500)
    .refine((values) => Buffer.byteLength(values.join(",")) <= 120_000, "must have at most 120000 bytes in all")
    .describe(what);
/** One argument too; and JSON.stringify gives up on what is nested some thousand levels deep. */
const isShortJson = (value: unknown): boolean => {
  try {
    return Buffer.byteLength(JSON.stringify(value)) <= 120_000;
  } catch {
    return false;
  }
};
const flag = (what: string) => z.boolean().describe(what);

const SessionId = z
  .string()
  .toLowerCase()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, "must be a UUID")
  .describe("Session id: a UUID.");

const Effort = z.enum(["low", "medium", "high", "xhigh", "max"]);
const PermissionMode = z.enum(["acceptEdits", "bypassPermissions", "default", "delegate", "dontAsk", "plan"]);
export const OutputFormat = z.enum(["text", "json", "stream-json"]);
export type OutputFormat = z.output<typeof OutputFormat>;

/** What a request may say to the CLI; each field but the last few is one of its flags. */
export const ClaudeOptions = z
  .strictObject({
    session_id: SessionId.describe("Name of a new session, or with resume the session to continue."),
    resume: flag("Continue session_id in a fresh container."),
    continue: flag("Continue the session that was used last of those that began with this workdir."),
    fork_session: flag("With resume: continue under a new id and leave the old session as it is."),
    no_persistence: flag("Keep no session: it cannot be resumed."),
    model: text.describe("Model name or alias, such as sonnet."),
    fallback_model: text.describe("Model to use when the first one is overloaded."),
    effort: Effort.describe("How much effort the model spends."),
    system_prompt: text.describe("Replaces the CLI's own system prompt."),
    append_system_prompt: text.describe("Is added to the end of the system prompt."),
    tools: list("The exact set of built-in tools; an empty list means none."),
    allowed_tools: list("Tools that need no permission, such as Bash(git *)."),
    disallowed_tools: list("Tools that are taken away."),
    permission_mode: PermissionMode.describe("What to do when a tool needs a permission."),
    dangerously_skip_permissions: flag("Let every tool run without asking."),
    allow_dangerously_skip_permissions: flag("Make skipping permissions available without switching it on."),
    input_format: z.enum(["text", "stream-json"]).describe("Accepted; the CLI always reads stream-json."),
    output_format: OutputFormat.describe("Shape of `output`: final text, result object or raw lines."),
    include_partial_messages: flag("Have the raw deltas of the model among the stream-json lines."),
    replay_user_messages: flag("Have the user messages among the stream-json lines."),
    json_schema: text.describe("JSON Schema that the structured output must match."),
    max_budget_usd: z.number().positive().max(1_000_000).describe("Stop once the run has cost this much."),
    max_turns: z.int().positive().max(1_000_000).describe("Stop after this many turns."),
    mcp_configs: list("MCP servers: JSON, or paths of files in the container."),
    strict_mcp_config: flag("Use no MCP servers but those of mcp_configs."),
    agent: text.describe("Run the session as this agent."),
    agents: z
      .record(z.string(), z.unknown())
      .refine(isShortJson, "must be at most 120000 bytes of JSON, and not too deep")
      .describe("Custom agents, as the CLI takes them."),
    add_dirs: list("More folders in the container that tools may use."),
    plugin_dirs: list("Plugin folders in the container."),
    files: list("File resources to fetch at the start, as file_id:path."),
    settings: text.describe("Settings: JSON, or the path of a file in the container."),
    setting_sources: z.array(z.enum(["user", "project", "local"])).describe("Which settings files the CLI obeys."),
    betas: list("Beta headers for the API."),
    verbose: flag("Accepted; the CLI always runs verbose."),
    debug: flag("Have the CLI's debug output in the job's stderr log."),
    disable_slash_commands: flag("Take a prompt that begins with / as plain text and switch skills off."),
    prompt_caching_ttl: z.enum(["5m", "1h"]).describe("Lifetime of prompt cache entries."),
    bedrock_service_tier: z
      .string()
      .regex(/^[\w-]{1,64}$/, "must be one word")
      .describe("Service tier on Bedrock."),
    enable_powershell_tool: flag("Accepted; no effect on Linux."),
  })
  .partial()
  .refine(({ resume, session_id }) => !resume || session_id !== undefined, {
    path: ["resume"],
    message: "needs session_id: the session to continue",
  })
  .refine((options) => !options.continue || !(options.resume || options.session_id), {
    path: ["continue"],
    message: "picks the session itself; leave out resume and session_id",
  })
  .refine((options) => !options.fork_session || options.resume || options.continue, {
    path: ["fork_session"],
    message: "needs resume: true, or continue: true",
  })
  .refine((options) => !options.no_persistence || !(options.resume || options.continue), {
    path: ["no_persistence"],
    message: "cannot continue a session; leave out resume and continue",
  })
  .meta({ id: "ClaudeOptions" });
export type ClaudeOptions = z.output<typeof ClaudeOptions>;
