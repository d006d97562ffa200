import { type Block, type Envelope, type Reply, toMessage, toolId, toUsage } from "./reply.ts";

/** One server-sent event, and how long to wait before it. */
export type Event = { data: { type: string; [field: string]: unknown }; afterMs?: number };

export const encode = ({ data }: Event): string => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

/** The answer as the events of a stream, in order. */
export function* toEvents(reply: Reply, envelope: Envelope): Generator<Event> {
  yield start(reply, envelope);
  for (const [index, block] of reply.blocks.entries()) {
    yield { data: { type: "content_block_start", index, content_block: opened(block, toolId(envelope.id, index)) } };
    for (const { afterMs, ...delta } of deltas(block)) {
      yield { data: { type: "content_block_delta", index, delta }, afterMs };
    }
    yield { data: { type: "content_block_stop", index } };
  }
  const delta = { stop_reason: reply.stopReason, stop_sequence: null };
  yield { data: { type: "message_delta", delta, usage: toUsage(reply.usage) } };
  yield { data: { type: "message_stop" } };
}

/** The beginning of an answer that will never be whole. */
export const toOpening = (reply: Reply, envelope: Envelope): Event[] => [
  start(reply, envelope),
  { data: { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } } },
  { data: { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "partial " } } },
];

const start = (reply: Reply, envelope: Envelope): Event => {
  const message = toMessage({ ...reply, blocks: [] }, envelope);
  const usage = { ...message.usage, output_tokens: 1 };
  return { data: { type: "message_start", message: { ...message, stop_reason: null, usage } } };
};

const opened = (block: Block, id: string) => {
  if (block.type === "text") return { type: "text", text: "" };
  if (block.type === "thinking") return { type: "thinking", thinking: "", signature: "" };
  return { type: "tool_use", id, name: block.name, input: {} };
};

type Delta = { type: string; afterMs: number; [field: string]: unknown };

const deltas = (block: Block): Delta[] => {
  if (block.type === "text") return textDeltas(block);
  if (block.type === "tool_use") {
    return [{ type: "input_json_delta", afterMs: 0, partial_json: JSON.stringify(block.input) }];
  }
  return [
    { type: "thinking_delta", afterMs: 0, thinking: block.text },
    { type: "signature_delta", afterMs: 0, signature: "scripted" },
  ];
};

/** Words at a readable pace, a text within about half a second; a large one at once and in large pieces. */
const textDeltas = ({ text, everyMs }: Extract<Block, { type: "text" }>): Delta[] => {
  const large = text.length > 8192 && everyMs === undefined;
  const pieces = text.match(large ? /[^]{1,8192}/gu : /\S+\s*|\s+/g) ?? [];
  const size = everyMs === undefined ? Math.ceil(pieces.length / 100) : 1;
  return (large ? pieces : grouped(pieces, size)).map((piece) => ({
    type: "text_delta",
    afterMs: everyMs ?? (large ? 0 : 4),
    text: piece,
  }));
};

const grouped = (pieces: string[], size: number): string[] =>
  Array.from({ length: Math.ceil(pieces.length / Math.max(size, 1)) }, (_, index) =>
    pieces.slice(index * size, (index + 1) * size).join(""),
  );
