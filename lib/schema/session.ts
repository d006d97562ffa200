import { z } from "zod";
import { numberIn } from "./job.ts";

const count = z.int().nonnegative();

export const SessionDetail = z
  .object({
    id: z.string(),
    title: z.string().describe("How its first prompt begins."),
    created_at: z.iso.datetime(),
    last_used_at: z.iso.datetime().describe("When its last run ended."),
    runs: count,
    total_cost_usd: z.number().nonnegative(),
    bytes: count
      .nullable()
      .describe("What its files take on the disk; null while a run uses it, and when they are too many to be counted."),
  })
  .meta({ id: "SessionDetail" });
export type SessionDetail = z.output<typeof SessionDetail>;

export const SessionList = z
  .object({ sessions: z.array(z.string()).describe("Their ids."), details: z.array(SessionDetail) })
  .meta({ id: "SessionList" });
export type SessionList = z.output<typeof SessionList>;

export const SessionQuery = z
  .strictObject({
    id: z
      .string()
      .toLowerCase()
      .regex(/^[0-9a-f-]{0,36}$/, "must be the beginning of a session's id")
      .describe("The beginning of an id."),
  })
  .partial();

export const SessionRemoved = z
  .object({ success: z.literal(true), session_id: z.string() })
  .meta({ id: "SessionRemoved" });

const MessageBlock = z
  .object({
    type: z.string().describe("text, thinking, tool_use, tool_result, or what else the CLI has."),
    text: z.string().optional(),
    id: z.string().optional().describe("Of a tool_use."),
    name: z.string().optional().describe("Of a tool."),
    input: z.unknown().optional().describe("What a tool was given."),
    tool_use_id: z.string().optional().describe("Which tool_use a tool_result belongs to."),
    content: z.string().optional().describe("What a tool came to; an image in it is left out, and told as [image]."),
    is_error: z.boolean().optional(),
  })
  .meta({ id: "SessionMessageBlock" });
export type MessageBlock = z.output<typeof MessageBlock>;

const MessageUsage = z
  .object({
    input_tokens: count,
    output_tokens: count,
    cache_creation_input_tokens: count,
    cache_read_input_tokens: count,
  })
  .partial();
export type MessageUsage = z.output<typeof MessageUsage>;

export const SessionMessage = z
  .object({
    uuid: z.string(),
    parent_uuid: z.string().optional().describe("The line of the transcript before it, which may be no message."),
    type: z.enum(["user", "assistant"]),
    session_id: z.string(),
    timestamp: z.string(),
    cwd: z.string().optional(),
    git_branch: z.string().optional(),
    version: z.string().optional().describe("Of the CLI."),
    permission_mode: z.string().optional(),
    content: z.object({
      role: z.string(),
      model: z.string().optional(),
      message_id: z.string().optional().describe("The model API's own id."),
      content: z.array(MessageBlock),
      stop_reason: z.string().optional(),
      usage: MessageUsage.optional(),
    }),
    tool_result: z
      .object({ stdout: z.string(), stderr: z.string(), interrupted: z.boolean(), is_image: z.boolean() })
      .partial()
      .optional()
      .describe("What the CLI says beside a tool_result."),
  })
  .meta({ id: "SessionMessage" });
export type SessionMessage = z.output<typeof SessionMessage>;

export const MessageQuery = z
  .strictObject({
    offset: numberIn(0, Number.MAX_SAFE_INTEGER).describe("How many to pass over; 0 by default."),
    limit: numberIn(1, Number.MAX_SAFE_INTEGER).describe("At most so many; 50 by default, and never more than 200."),
  })
  .partial();

export const MessagePage = z
  .object({
    messages: z.array(SessionMessage),
    total: count.describe("How many there are in all."),
    offset: count,
    limit: count.describe("The limit that counted."),
    has_more: z.boolean().describe("The next page begins at offset plus the number of these messages."),
  })
  .meta({ id: "SessionMessagePage" });
export type MessagePage = z.output<typeof MessagePage>;

export const MessageFound = z.object({ message: SessionMessage }).meta({ id: "SessionMessageFound" });
