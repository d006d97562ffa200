import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { eventsOf } from "../agent/events.ts";
import { addCounts, noCounts, parseResult, usageOf, type Counts, type ResultLine } from "../agent/result.ts";
import type { Place } from "../store/job-rows.ts";

const keptTextLength = 2000;

/** A part of a file, in bytes, `end` included: the agent can make its output as large as it likes, at no cost to itself. */
type Part = { start?: number; end?: number };
type Line = { text: string; place: Place };

/** In bytes: shorter lines are passed over, empty ones always; of longer ones the rest is left out. */
type Lengths = { shortest?: number; longest?: number };

/** The CLI's longest lines hold a reply of some megabytes; an agent can write longer ones, to use up our memory. */
const longestLine = 32 * 1024 * 1024;

/** The lines of a file, or of a part of it. One that is open is closed at the end. */
export async function* linesOf(
  file: string | FileHandle,
  part: Part = {},
  { shortest = 1, longest = longestLine }: Lengths = {},
): AsyncGenerator<Line> {
  const split = createSplitter(part.start ?? 0, { shortest, longest });
  const chunks = typeof file === "string" ? createReadStream(file, part) : file.createReadStream(part);
  for await (const chunk of chunks) yield* split.push(chunk as Buffer); // no encoding set: buffers
  yield* split.rest();
}

/** So little is read in less time than it takes to have another thread read it. */
const shortBytes = 65_536;

/** The bytes of a place in a file, as text. */
export const textAt = async (path: string, { start, end }: Place): Promise<string> => {
  if (end - start <= shortBytes) return shortTextAt(path, { start, end });
  await using file = await open(path, "r");
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(end - start), 0, end - start, start);
  return buffer.toString("utf8", 0, bytesRead);
};

const shortTextAt = (path: string, { start, end }: Place): string => {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(end - start);
    return buffer.toString("utf8", 0, readSync(file, buffer, 0, end - start, start));
  } finally {
    closeSync(file);
  }
};

/** The last 2000 characters of a file, whole lines of Podman's warnings and all. */
export const tailOf = async (path: string): Promise<string> => {
  const { size } = await stat(path);
  const text = await textAt(path, { start: Math.max(0, size - 4 * keptTextLength), end: size }); // a character takes at most 4 bytes
  return text.slice(-keptTextLength);
};

/** The result on the last line of a file, if it is one and its line is whole. */
export const lastResult = async (path: string): Promise<ResultLine | undefined> => {
  const { size } = await stat(path);
  const start = size === 0 ? undefined : await startOfLastLine(path, size);
  return start === undefined ? undefined : parseResult(await textAt(path, { start, end: size }));
};

/** Looks backwards; nothing when the line is longer than any that counts. */
const startOfLastLine = async (path: string, size: number): Promise<number | undefined> => {
  await using file = await open(path, "r");
  const block = Buffer.alloc(65_536);
  for (let end = size - 1; end > size - longestLine;) {
    const start = Math.max(0, end - block.length);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    const feed = block.subarray(0, bytesRead).lastIndexOf(10);
    if (feed !== -1) return start + feed + 1;
    if (start === 0) return 0;
    end = start;
  }
  return undefined;
};

/** What the end of a job needs to know of its output. */
export type Summary = {
  result: ResultLine | undefined;
  place: Place | null;
  counts: Counts;
  model: string;
  text: string;
};

const headBytes = 1_048_576;
const tailBytes = 40 * 1_048_576; // room for the longest result line, and what may come after it

export const noOutput: Summary = { result: undefined, place: null, counts: noCounts, model: "", text: "" };

/**
 * The head tells the model, the tail the results; a background task can add some: the last one counts. An agent can have
 * written millions of lines to keep us busy, so only the last that may count are read.
 */
export const summarize = async (path: string): Promise<Summary> => {
  const { size } = await stat(path);
  const start = Math.max(0, size - tailBytes);
  const head = await findLines(path, { end: Math.max(0, Math.min(headBytes, size) - 1) }, firstWords);
  const tail = await findLines(path, { start }, lastWords);
  const summary = { ...noOutput };
  for (const place of head.slice(0, 1)) note(summary, await textAt(path, place));
  for (const place of tail.slice(-mostLines)) take(summary, { text: await textAt(path, place), place });
  return summary;
};

const mostLines = 1000;
const shortestLine = 20;
const firstWords = ['"init"'];
const lastWords = ['"result"', '"assistant"'];

/** Where the lines are that hold one of these words. */
const findLines = async (path: string, part: Part, words: readonly string[]): Promise<Place[]> => {
  const places: Place[] = [];
  for await (const { text, place } of linesOf(path, part, { shortest: shortestLine })) {
    if (!text.startsWith("{") || !words.some((word) => text.includes(word))) continue;
    places.push(place);
    if (places.length > 2 * mostLines) places.splice(1, mostLines); // the first one stays: of the head it is the one that counts
  }
  return places;
};

const take = (summary: Summary, { text, place }: Line): void => {
  const result = parseResult(text);
  if (result) Object.assign(summary, { result, place, counts: addCounts(summary.counts, usageOf(result)) });
  else note(summary, text);
};

const note = (summary: Summary, text: string): void => {
  for (const event of eventsOf(text)) {
    if (event.kind === "init") summary.model = event.model;
    if (event.kind === "text") summary.text = `${summary.text}${event.text}\n`.slice(-keptTextLength);
  }
};

/** Cuts bytes at line feeds alone: JSON may hold every other character that passes for a line end. */
const createSplitter = (offset: number, { shortest, longest }: Required<Lengths>) => {
  let parts: Buffer[] = [];
  let length = 0;
  let start = offset; // of the line under way
  let at = offset; // of the chunk
  const add = (part: Buffer) => {
    const kept = part.subarray(0, longest - length);
    length += kept.length;
    if (kept.length > 0) parts.push(kept);
  };
  const drop = (): void => {
    parts = [];
    length = 0;
  };
  const flush = (end: number): Line => {
    const text = Buffer.concat(parts).toString("utf8");
    drop();
    return { text, place: { start, end } };
  };
  return {
    *push(chunk: Buffer): Generator<Line> {
      let from = 0;
      for (let feed = chunk.indexOf(10); feed !== -1; feed = chunk.indexOf(10, from)) {
        if (feed > from) add(chunk.subarray(from, feed));
        if (length >= shortest) yield flush(at + feed);
        else drop();
        from = feed + 1;
        start = at + from;
      }
      add(chunk.subarray(from));
      at += chunk.length;
    },
    *rest(): Generator<Line> {
      if (length >= shortest) yield flush(at);
    },
  };
};
