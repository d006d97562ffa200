import { z } from "zod";
import { withoutUndefined } from "../given.ts";
import type { MessageBlock, MessageUsage, SessionMessage } from "../schema/session.ts";

/** An agent can write into its transcript: what it needs to be a message has to be there, the rest where it fits. */
const optional = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined);
const text = optional(z.string());
const flag = optional(z.boolean());
const count = optional(z.int().nonnegative());

const Block = z.object({
  type: z.string(),
  text,
  thinking: text,
  id: text,
  name: text,
  input: z.unknown().optional(),
  tool_use_id: text,
  content: z.unknown().optional(),
  is_error: flag,
});

const Usage = z.object({
  input_tokens: count,
  output_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
});

const Line = z.object({
  type: z.enum(["user", "assistant"]),
  uuid: z.string().min(1),
  parentUuid: text,
  timestamp: z.string(),
  cwd: text,
  gitBranch: text,
  version: text,
  permissionMode: text,
  message: z.object({
    role: z.string(),
    model: text,
    id: text,
    content: z.union([z.string(), z.array(z.unknown())]),
    stop_reason: text,
    usage: optional(Usage),
  }),
  toolUseResult: optional(z.object({ stdout: text, stderr: text, interrupted: flag, isImage: flag })),
});
export type Line = z.output<typeof Line>;

/** A line of a transcript, when it is what the user or the agent said; the others are the CLI's own notes. */
export const parseLine = (line: string): Line | undefined => {
  if (!line.includes('"user"') && !line.includes('"assistant"')) return undefined; // before the cost of parsing
  try {
    return Line.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // broken, or still being written
  }
};

export const messageOf = (line: Line, sessionId: string): SessionMessage => {
  const { message, toolUseResult: result } = line;
  const { role, content, usage } = message;
  return {
    ...withoutUndefined({ parent_uuid: line.parentUuid, cwd: line.cwd, git_branch: line.gitBranch }),
    ...withoutUndefined({ version: line.version, permission_mode: line.permissionMode }),
    uuid: line.uuid,
    type: line.type,
    session_id: sessionId,
    timestamp: line.timestamp,
    content: {
      role,
      ...withoutUndefined({ model: message.model, message_id: message.id, stop_reason: message.stop_reason }),
      content: typeof content === "string" ? [{ type: "text", text: content }] : content.flatMap(blocksOf),
      ...(usage && { usage: withoutUndefined<MessageUsage>(usage) }),
    },
    ...(result && { tool_result: toolResultOf(result) }),
  };
};

const toolResultOf = ({ stdout, stderr, interrupted, isImage }: NonNullable<Line["toolUseResult"]>) =>
  withoutUndefined({ stdout, stderr, interrupted, is_image: isImage });

const blocksOf = (value: unknown): MessageBlock[] => {
  const block = Block.safeParse(value).data;
  if (!block) return [];
  const { type, text: words = block.thinking, id, name, tool_use_id, is_error } = block;
  const input = isPrintable(block.input) ? block.input : undefined;
  const content = contentOf(block.content);
  return [{ type, ...withoutUndefined({ text: words, id, name, input, tool_use_id, content, is_error }) }];
};

/** JSON.stringify gives up on what is nested some thousand levels deep, which JSON.parse takes. */
const isPrintable = (value: unknown): boolean => {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
};

/** What a tool came to, as text: the API has it as a string or as blocks. */
const contentOf = (value: unknown): string | undefined => {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  return value
    .flatMap((part) => Block.safeParse(part).data ?? [])
    .map((block) => block.text ?? `[${block.type}]`)
    .join("\n");
};
