import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** Where a block is marked so, what its commands print is not compared. */
export const varying = "prints something else on each machine";

/** A fenced block of a guide; `mark` is the comment on the line before it, which readers do not see. */
export type Block = { guide: string; line: number; language: string; mark: string | undefined; text: string };

/** What a reader types, over as many lines as its quotes are open, and what the guide shows that it prints. */
export type Command = { place: string; text: string; shown: string };

export const readBlocks = (guide: string): Block[] => {
  const text = readFileSync(join(root, guide), "utf8");
  const blocks = Array.from(text.matchAll(fence), ({ index, groups = {} }): Block => {
    const line = text.slice(0, index + (groups["before"]?.length ?? 0)).split("\n").length;
    return { guide, line, language: groups["language"] ?? "", mark: groups["mark"], text: groups["text"] ?? "" };
  });
  const fences = text.match(/^\s*(```|~~~)/gm)?.length ?? 0;
  if (fences !== 2 * blocks.length) throw new Error(`${guide} has a fence that is not read`);
  return blocks;
};

const fence = /(?<before>(?:^<!-- (?<mark>.*) -->\n+)?)^```(?<language>\w*)\n(?<text>[^]*?)^```$/gm;

/** In `sh` every line is typed; in `console` those behind a `$`, and the others are what is printed. */
export const commandsOf = ({ guide, line, language, mark, text }: Block): Command[] => {
  const commands: Command[] = [];
  for (const [index, written] of text.trimEnd().split("\n").entries()) {
    const place = `${guide}:${line + 1 + index}`;
    const command = commands.at(-1);
    if (command?.shown === "" && isOpen(command.text)) command.text += `\n${written}`;
    else if (language === "sh") commands.push({ place, text: written, shown: "" });
    else if (written.startsWith("$ ")) commands.push({ place, text: written.slice(2), shown: "" });
    else if (command) command.shown += `${written}\n`;
    else throw new Error(`${place} is printed by nothing`);
  }
  return mark === varying ? commands.map((command) => ({ ...command, shown: "" })) : commands;
};

const isOpen = (text: string): boolean =>
  text.endsWith("\\") || spawnSync("bash", ["-n"], { input: text }).status !== 0;

/** Where a guide shows an error the command has to fail. */
export const isRefused = ({ shown }: Command): boolean => /^stromboli: |"status": ?"error"/.test(shown);

/**
 * What a guide shows and a command did not print. Of JSON the names count; of other lines the words, in which numbers and
 * ids may be others, and `…` stands for anything.
 */
export const missingFrom = (shown: string, printed: string): string[] => {
  const lines = shown.split("\n").filter((line) => line.trim() !== "" && line !== "…");
  return lines.flatMap((line) => {
    const names = line.match(/"\w+"(?=: ?)/g);
    if (names) return names.filter((name) => !printed.includes(`${name}:`));
    return patternOf(line).test(printed) ? [] : [line];
  });
};

const patternOf = (line: string): RegExp =>
  new RegExp(
    line
      .trim()
      .split(/\s+/)
      .map((word) => (varies.test(word) ? "\\S+" : escaped(word).replaceAll("…", ".*")))
      .join("\\s+"),
  );

const varies = /\d|^\/home\/me|^(s|min|h|d|kB|MB)$/;

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
