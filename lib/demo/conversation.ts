import { type MessagesRequest, textOf } from "./request.ts";

export type ToolResult = { output: string; failed: boolean };

/** What people asked, oldest first, and what the tools gave since the newest prompt, one batch a message. */
export type Conversation = { prompts: string[]; batches: ToolResult[][] };

type Message = MessagesRequest["messages"][number];
type Block = Exclude<Message["content"], string>[number];

export const readConversation = ({ messages }: MessagesRequest): Conversation => {
  const conversation: Conversation = { prompts: [], batches: [] };
  for (const message of messages) {
    if (message.role !== "assistant") readMessage(conversation, message);
  }
  return conversation;
};

const readMessage = (conversation: Conversation, { role, content }: Message): void => {
  const blocks: Block[] = typeof content === "string" ? [{ type: "text", text: content, content: "" }] : content;
  const results = blocks.filter((block) => block.type === "tool_result");
  if (results.length > 0) conversation.batches.push(results.toSorted(byCall).map(toolResult));

  const prompts = blocks.flatMap((block) => {
    const text = block.type === "tool_result" ? textOf(block.content) : (block.text ?? "");
    return role === "user" && block.type === "text" ? [...steering(text), ...typed(text)] : steering(text);
  });
  if (prompts.length === 0) return;
  conversation.prompts.push(...prompts);
  conversation.batches = [];
};

/** Results come in the order in which the tools ended; our ids sort as they were called. */
const byCall = (a: Block, b: Block) => (a.tool_use_id ?? "").localeCompare(b.tool_use_id ?? "");

const toolResult = (block: Block): ToolResult => ({
  output: withoutReminders(textOf(block.content)),
  failed: block.is_error === true,
});

/** Typed while a tool ran: comes in a system message, a reminder, or inside a tool result, as the model's habits are. */
const steering = (text: string): string[] =>
  Array.from(text.matchAll(steeringText), ([, prompt = ""]) => prompt.trim());

const typed = (text: string): string[] => {
  const prompt = withoutReminders(text.replaceAll(steeringText, ""));
  return prompt === "" || cliMade.test(prompt) ? [] : [prompt];
};

const withoutReminders = (text: string): string =>
  text.replaceAll(/<system-reminder>[\s\S]*?<\/system-reminder>/g, "").trim();

const steeringText =
  /The user sent a new message while you were working:\n([\s\S]*?)(?:\n\n(?:IMPORTANT: |This is how Claude Code )[^\n]*|$)/g;

/** User messages that the CLI writes by itself: the prompt before them is still the one to answer. */
const cliMade = new RegExp(
  `^(?:${[
    "\\[Request interrupted by user",
    "\\[Your previous response had no visible output",
    "Continue from where you left off\\.$",
    "Output token limit hit\\.",
    "This session is being continued from a previous conversation",
    "Your response above was stopped by a safety classifier",
    "(?:\\[structured-output-enforce\\] )?You MUST call the StructuredOutput tool",
    "<(?:task-notification|total_tokens|command-name|command-message|local-command)",
  ].join("|")})`,
);
