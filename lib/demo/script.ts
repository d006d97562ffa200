import { arrange, offers, type Scene, structuredOutput, toBlocks } from "./blocks.ts";
import { type Conversation, readConversation } from "./conversation.ts";
import { type Directive, type Fault, readDirective } from "./directives.ts";
import { type Block, defaultUsage, type Reply } from "./reply.ts";
import type { MessagesRequest } from "./request.ts";
import { sideAnswer } from "./side-calls.ts";
import { tour } from "./tour.ts";

export type Fallback = "tour" | "echo";

/** The next answer, and what is to go wrong before it may be given; `key` names the fault's place in the session. */
export type Turn = { reply: Reply; faults: { fault: Fault; key: string }[] };

export const nextTurn = (request: MessagesRequest, fallback: Fallback): Turn => {
  const aside = sideAnswer(request);
  if (aside) return plain([{ type: "text", text: aside }]);

  const conversation = readConversation(request);
  const prompt = conversation.prompts.at(-1) ?? "";
  const directives = prompt.split("\n").flatMap((line) => readDirective(line) ?? []);
  if (directives.length > 0) return scripted(directives, { request, conversation });
  if (fallback === "echo") return plain([{ type: "text", text: `echo: ${prompt}` }]);
  return plain(tour(conversation.batches.flat(), offers(request, "Bash")));
};

const plain = (blocks: Block[]): Turn => ({ reply: toReply([], blocks), faults: [] });

const scripted = (directives: Directive[], scene: Scene): Turn => {
  const { request, conversation } = scene;
  const calls = (step: Directive) => toolCalls(step, request);
  const steps = messageAfter(conversation.batches.flat().length, toMessages(directives, calls), calls);
  const blocks = arrange(steps.flatMap((step) => toBlocks(step, scene)));
  const answered = blocks.some(({ type }) => type !== "thinking") || steps.some(({ kind }) => kind === "empty");
  const key = (index: number) => JSON.stringify([request.metadata.user_id, conversation.prompts, index]);
  return {
    reply: toReply(steps, answered ? blocks : [...blocks, closing(conversation)]),
    faults: steps.flatMap((step) =>
      step.kind === "fault" ? [{ fault: step.fault, key: key(directives.indexOf(step)) }] : [],
    ),
  };
};

type Calls = (step: Directive) => number;

const toolCalls = (step: Directive, request: MessagesRequest): number => {
  if (step.kind === "forever") return Infinity;
  return step.kind === "use" || (step.kind === "json" && offers(request, structuredOutput)) ? 1 : 0;
};

/** The script cut into assistant messages: each ends with its tool calls, since their results must come next. */
const toMessages = (directives: Directive[], calls: Calls): Directive[][] => {
  const messages: Directive[][] = [];
  let current: Directive[] = [];
  for (const [index, step] of directives.entries()) {
    current.push(step);
    const next = directives[index + 1];
    const goesOn = next && calls(next) > 0 && current.some(({ kind }) => kind === "together");
    if (calls(step) === 0 || goesOn) continue;
    messages.push(current);
    current = [];
  }
  return [...messages, current];
};

/** The first message whose tool calls are not answered yet. */
const messageAfter = (results: number, messages: Directive[][], calls: Calls): Directive[] => {
  let left = results;
  for (const message of messages) {
    const needed = message.reduce((sum, step) => sum + calls(step), 0);
    if (needed === 0 || left < needed) return message;
    left -= needed;
  }
  return [];
};

const toReply = (steps: Directive[], blocks: Block[]): Reply => {
  const stop = steps.findLast((step) => step.kind === "stop");
  return {
    blocks,
    stopReason: stop?.reason ?? (blocks.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn"),
    usage: steps.findLast((step) => step.kind === "usage")?.usage ?? defaultUsage,
    delayMs: steps.reduce((sum, step) => sum + (step.kind === "delay" ? step.ms : 0), 0),
  };
};

/** The answer where the script says none: what the tools gave, or else what the prompt says beside its directives. */
const closing = ({ batches, prompts }: Conversation): Block => {
  const results = batches.at(-1)?.map(({ output }) => `result: ${output}`);
  const rest = prompts
    .at(-1)
    ?.split("\n")
    .filter((line) => !readDirective(line))
    .join("\n")
    .trim();
  return { type: "text", text: results?.join("\n") ?? (rest ? `echo: ${rest}` : "done") };
};
