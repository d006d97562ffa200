import type { MessageBlock, SessionMessage } from "../../lib/schema/session.ts";
import { cut, fitting } from "./answers.ts";

/** What a message may take of a page of many. */
const longestInPage = 2000;

export type Page = { messages: readonly SessionMessage[]; offset: number; total: number };

/** A page of a conversation as text, as far as an answer goes, and where it goes on. Pure. */
export const pageOf = ({ messages, offset, total }: Page): { text: string; next?: number } => {
  const told = messages.map((message, index) => shortened(message, offset + index));
  const shown = fitting(told, (text) => text.length + 2);
  const next = offset + shown.length;
  return { text: shown.join("\n\n"), ...(next < total && shown.length > 0 && { next }) };
};

const shortened = (message: SessionMessage, index: number): string => {
  const whole = messageText(message);
  const { text, next } = cut(whole, 0, longestInPage);
  const more = `\n… ${whole.length - text.length} more characters: read_message with message_id: ${message.uuid}`;
  return `[${index}] ${message.type}, ${message.timestamp}\n${text}${next === undefined ? "" : more}`;
};

/** A message in full. */
export const messageText = ({ content }: SessionMessage): string => content.content.map(blockText).join("\n");

const blockText = ({ type, text = "", name = "a tool", input = {}, content = "", is_error }: MessageBlock): string => {
  if (type === "text") return text;
  if (type === "thinking") return `(thinking) ${text}`;
  if (type === "tool_use") return `(uses ${name}) ${JSON.stringify(input)}`;
  return type === "tool_result" ? `(${is_error ? "failed" : "result"}) ${content}` : `(${type})`;
};
