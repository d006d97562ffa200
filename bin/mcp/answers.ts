import type { CallToolResult } from "@modelcontextprotocol/server";
import { messageOf, StromboliError } from "../../lib/errors.ts";
import { isUnreachable } from "../client.ts";
import { exitCodes, Failure } from "../failure.ts";

/** What a tool says of a text at once, in characters: clients cut, or refuse, answers of some 10,000 tokens. */
const longest = 20_000;

/** A part of a text; `next` is where to read on, and no character is cut in two. */
export const cut = (text: string, from = 0, most = longest): { text: string; next?: number } => {
  const end = from + most;
  if (end >= text.length) return { text: text.slice(from) };
  const next = /[\uDC00-\uDFFF]/.test(text.charAt(end)) ? end - 1 : end;
  return { text: text.slice(from, next), next };
};

/** The first of some things, as many as an answer takes, but at least one. */
export const fitting = <Item>(items: readonly Item[], sizeOf: (item: Item) => number): Item[] => {
  let left = longest;
  return items.filter((item, index) => {
    left -= sizeOf(item);
    return index === 0 || left >= 0;
  });
};

/** What a tool answers: words, if there are any, and then what else is known, as JSON. */
export const answer = (known: object, words?: string): CallToolResult => ({
  content: [...(words === undefined ? [] : [said(words)]), said(JSON.stringify(known))],
});

/** Runs what may fail in ways that a caller can act on: it is told the code and the sentence, hint included. */
export const telling = async (work: () => Promise<CallToolResult>): Promise<CallToolResult> => {
  try {
    return await work();
  } catch (error) {
    return { content: [said(`${codeOf(error)}: ${messageOf(error)}`)], isError: true };
  }
};

const said = (text: string) => ({ type: "text" as const, text });

const codeOf = (error: unknown): string => {
  if (error instanceof StromboliError) return error.code;
  if (error instanceof Failure)
    return error.code ?? (error.exitCode === exitCodes.unreachable ? "no_daemon" : "failed");
  return isUnreachable(error) ? "no_daemon" : "internal";
};
