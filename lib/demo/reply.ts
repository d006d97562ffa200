/** One block of an assistant message; `everyMs` is the pause before each word of a text that is streamed slowly. */
export type Block =
  | { type: "text"; text: string; everyMs?: number }
  | { type: "thinking"; text: string }
  | { type: "tool_use"; name: string; input: Record<string, unknown> };

export type Usage = { in: number; out: number; read: number; write: number };

export const defaultUsage: Usage = { in: 10, out: 5, read: 0, write: 0 };

export type Reply = { blocks: Block[]; stopReason: string; usage: Usage; delayMs: number };

/** What only the edge knows: a fresh id and the model that was asked for. */
export type Envelope = { id: string; model: string };

/** The whole answer as one JSON message, as the API gives it when nobody asked for a stream. */
export const toMessage = (reply: Reply, { id, model }: Envelope) => ({
  id: `msg_${id}`,
  type: "message",
  role: "assistant",
  model,
  content: reply.blocks.map((block, index) => toContent(block, toolId(id, index))),
  stop_reason: reply.stopReason,
  stop_sequence: null,
  usage: toUsage(reply.usage),
});

const signature = "scripted";

const toContent = (block: Block, id: string) => {
  if (block.type === "text") return { type: "text", text: block.text };
  if (block.type === "thinking") return { type: "thinking", thinking: block.text, signature };
  return { type: "tool_use", id, name: block.name, input: block.input };
};

/** Sorts as the tools were called: results come back in the order in which they ended. */
export const toolId = (id: string, index: number): string => `toolu_${id}_${String(index).padStart(3, "0")}`;

export const toUsage = (usage: Usage) => ({
  input_tokens: usage.in,
  cache_creation_input_tokens: usage.write,
  cache_read_input_tokens: usage.read,
  output_tokens: usage.out,
});
