import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";

const TextBlock = z.looseObject({ type: z.string(), text: z.string().optional() });
const Text = z.union([z.string(), z.array(TextBlock)]);

const Block = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  content: Text.catch(""), // of a tool_result; other blocks may hold anything here
  tool_use_id: z.string().optional(),
  is_error: z.boolean().optional(),
});

/** What the script reads of a `POST /v1/messages` body; all else passes unread. */
export const MessagesRequest = z.looseObject({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(Block)]) })),
  system: Text.default(""),
  tools: z.array(z.looseObject({ name: z.string() })).default([]),
  stream: z.boolean().default(false),
  metadata: z.looseObject({ user_id: z.string().default("") }).default({ user_id: "" }),
});
export type MessagesRequest = z.output<typeof MessagesRequest>;

/** One HTTP request as an observer sees it; `body` only where it is a readable Messages request. */
export type ModelRequest = {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: MessagesRequest | undefined;
};

export const textOf = (text: z.output<typeof Text>): string =>
  typeof text === "string" ? text : text.flatMap((block) => block.text ?? []).join("\n");

/** Undefined when it is not JSON at all. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
