import { styleText } from "node:util";
import type { MessageBlock, SessionDetail, SessionMessage } from "../lib/schema/session.ts";
import { ageOf } from "./age.ts";
import { dim } from "./closing.ts";
import { fit, printable } from "./line.ts";
import { localTime } from "./local-time.ts";
import { costOf } from "./session-table.ts";
import { shownTitle } from "./title.ts";

const widest = 100;
const mostLines = 8;

/** Whose conversation it is, for a person. */
export const headOf = (session: SessionDetail, stdout: NodeJS.WriteStream): string => {
  const { id, title, runs, total_cost_usd: cost, last_used_at: used } = session;
  const facts = [id, runs === 1 ? "1 run" : `${runs} runs`, costOf(cost), `used ${ageOf(used)} ago`].join(" · ");
  return `${styleText("bold", printable(shownTitle(title)), { stream: stdout })}\n${dim(facts, stdout)}`;
};

/** Who said what, message by message: a name where another begins to speak, tools and what they came to in short. */
export const createTelling = (stdout: NodeJS.WriteStream) => {
  let speaker = "";
  const columns = Math.min(stdout.isTTY ? stdout.columns || widest : widest, widest);

  return (message: SessionMessage): string => {
    const blocks = message.content.content
      .map((block) => ({ type: block.type, text: blockText(block, { columns, stdout }) }))
      .filter(({ text }) => text !== "");
    if (blocks.length === 0) return "";
    const next = speakerOf(message);
    const isNew = next !== "" && next !== speaker;
    if (isNew) speaker = next;
    const colour = speaker === "you" ? "cyan" : "green";
    const name = `\n${styleText([colour, "bold"], speaker, { stream: stdout })} ${dim(timeOf(message), stdout)}`;
    const spaced = blocks.map(({ type, text }, index) =>
      type === "text" && !(isNew && index === 0) ? `\n${text}` : text,
    ); // words stand apart from tools
    return [...(isNew ? [name] : []), ...spaced].join("\n");
  };
};

/** What tools came to is the user's in a transcript, and belongs to the agent's turn. */
const speakerOf = ({ type, content }: SessionMessage): string => {
  if (type === "assistant") return "agent";
  return content.content.every((block) => block.type === "tool_result") ? "" : "you";
};

const timeOf = ({ timestamp }: SessionMessage): string => printable(localTime(timestamp).slice(0, 16));

type Room = { columns: number; stdout: NodeJS.WriteStream };

const blockText = (block: MessageBlock, room: Room): string => {
  switch (block.type) {
    case "text":
      return printable(block.text ?? "").trim();
    case "thinking":
      return shortened(block.text ?? "", room);
    case "tool_use":
      return toolText(block, room);
    case "tool_result":
      return shortened(`${block.is_error ? "failed: " : ""}${block.content ?? ""}`, room);
    default:
      return dim(`  [${printable(block.type)}]`, room.stdout);
  }
};

/** A tool and what it was given, a line for each field. */
const toolText = ({ name = "", input }: MessageBlock, { columns, stdout }: Room): string => {
  const fields = Object.entries(typeof input === "object" && input !== null ? input : {});
  const lines = fields.map(([field, value]) => oneLine(`${field}: ${wordsOf(value)}`));
  const title = styleText("yellow", `  ▸ ${printable(name)}`, { stream: stdout });
  return [title, ...lines.map((line) => `      ${fit(line, columns - 6)}`)].join("\n");
};

const wordsOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const oneLine = (text: string): string => printable(text).replaceAll(/\s+/g, " ").trim();

/** The first lines of what nobody reads whole. */
const shortened = (text: string, { columns, stdout }: Room): string => {
  const lines = printable(text).trim().split("\n");
  const left = lines.length - mostLines;
  const shown = left > 1 ? [...lines.slice(0, mostLines), `… ${left} more lines`] : lines;
  const cut = shown.map((line) => `    ${fit(line.replaceAll("\t", "  ").trimEnd(), columns - 4)}`.trimEnd());
  return dim(cut.join("\n"), stdout);
};
