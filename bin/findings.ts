import { styleText } from "node:util";
import type { Finding } from "../lib/doctor/finding.ts";
import { dim } from "./closing.ts";
import { printable } from "./line.ts";

const marks = { ok: ["green", "✔"], warning: ["yellow", "!"], failure: ["red", "✖"] } as const;
const arrow = "→ ";
const indent = 17; // a mark, the longest name and the spaces around it
const leastRoom = 20;
const unknownWidth = 80;

/** What was found, with the remedy below it; in lines that fit a terminal, in whole ones elsewhere. */
export const findingLines = ({ name, status, message, remedy }: Finding, stream: NodeJS.WriteStream): string => {
  const room = stream.isTTY ? Math.max(leastRoom, (stream.columns || unknownWidth) - indent) : Number.POSITIVE_INFINITY;
  const [colour, mark] = marks[status];
  const head = `${styleText(colour, mark, { stream })} ${name}`.padEnd(
    indent + styleText(colour, mark, { stream }).length - 1,
  );
  const [first = "", ...more] = wrap(message, room);
  const rest = [...more, ...(remedy === undefined ? [] : remedyLines(remedy, room).map((line) => dim(line, stream)))];
  return [head + first, ...rest.map((line) => " ".repeat(indent) + line)].join("\n");
};

const remedyLines = (remedy: string, room: number): string[] =>
  wrap(remedy, room - arrow.length).map((line, at) => (at === 0 ? arrow : " ".repeat(arrow.length)) + line);

/** Breaks at spaces; a word that is longer than a line, a path say, stays whole, to be copied. */
const wrap = (text: string, room: number): string[] => {
  const lines: string[] = [];
  for (const word of printable(text).split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > room) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
};

/** `all is well`, or how many findings are worse. */
export const summaryOf = (findings: readonly Finding[]): string => {
  const parts = (["failure", "warning"] as const).flatMap((status) => {
    const count = findings.filter((finding) => finding.status === status).length;
    return count === 0 ? [] : [`${count} ${status}${count > 1 ? "s" : ""}`];
  });
  return parts.length === 0 ? "all is well" : parts.join(", ");
};
