import type { Conversation } from "./conversation.ts";
import type { Directive } from "./directives.ts";
import type { Block } from "./reply.ts";
import { type MessagesRequest, textOf } from "./request.ts";

/** What is at hand when a step is taken. */
export type Scene = { request: MessagesRequest; conversation: Conversation };

export const structuredOutput = "StructuredOutput";

/** What a step puts into the assistant message: nothing for a step that only sets something. */
export const toBlocks = (step: Directive, scene: Scene): Block[] => {
  if (step.kind === "use" || step.kind === "forever") return [{ type: "tool_use", name: step.name, input: step.input }];
  if (step.kind === "think") return [{ type: "thinking", text: step.text }];
  if (step.kind === "text") {
    return [{ type: "text", text: step.text(scene), ...(step.everyMs !== undefined && { everyMs: step.everyMs }) }];
  }
  if (step.kind !== "json") return [];
  return offers(scene.request, structuredOutput)
    ? [{ type: "tool_use", name: structuredOutput, input: step.input }]
    : [{ type: "text", text: JSON.stringify(step.input) }];
};

/** Thinking first, as the API has it; neighbouring texts as one block, since the CLI's result is the last block alone. */
export const arrange = (blocks: Block[]): Block[] =>
  [...blocks.filter(isThinking), ...blocks.filter((block) => !isThinking(block))].reduce<Block[]>(joinTexts, []);

const isThinking = ({ type }: Block) => type === "thinking";

const joinTexts = (blocks: Block[], block: Block): Block[] => {
  const last = blocks.at(-1);
  return last?.type === "text" && block.type === "text" && last.everyMs === block.everyMs
    ? [...blocks.slice(0, -1), { ...last, text: `${last.text}\n${block.text}` }]
    : [...blocks, block];
};

export const offers = ({ tools }: MessagesRequest, tool: string): boolean => tools.some(({ name }) => name === tool);

/** A text that depends on where the conversation stands. */
export type Speech = (scene: Scene) => string;

/** What was asked before, one prompt a line. */
export const recall: Speech = ({ conversation }) =>
  conversation.prompts
    .slice(0, -1)
    .map((prompt) => prompt.replaceAll(/\s*\n\s*/g, " "))
    .join("\n") || "nothing yet";

export const systemPrompt: Speech = ({ request }) => textOf(request.system);

export const toolNames: Speech = ({ request }) => request.tools.map(({ name }) => name).join("\n");

export const numberedWords = (count: number): string =>
  Array.from({ length: count }, (_, index) => `w${index}`).join(" ");

/** 16 lines of 64 bytes a KiB, each with its number, so that a lost or doubled part shows. */
export const numberedLines = (kib: number): string =>
  Array.from({ length: kib * 16 }, (_, index) => `${String(index).padStart(8, "0")} ${".".repeat(54)}\n`).join("");
