import { createReadStream, watch, type FSWatcher } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { eventsOf, type AgentEvent } from "../agent/events.ts";
import { addCounts, noCounts, parseResult, usageOf, type Counts, type ResultLine } from "../agent/result.ts";

const keptTextLength = 2000;

/** A part of a file, in bytes: the agent can make its output as large as it likes, at no cost to itself. */
type Part = { start?: number; end?: number };

/** The lines of a finished output file, or of a part of it. */
export async function* linesOf(path: string, part: Part = {}): AsyncGenerator<string> {
  const split = createSplitter();
  for await (const chunk of createReadStream(path, part)) yield* split.push(chunk as Buffer); // no encoding set: buffers
  yield* split.rest();
}

/** As much as a reader is shown of one output file. */
const longestOutput = 512 * 1024 * 1024;

/** The lines of an output file from its beginning, as they come, until `ended` settles and all is read. */
export async function* follow(path: string, ended: Promise<unknown>): AsyncGenerator<string> {
  const split = createSplitter();
  const watcher = watch(path);
  try {
    await using file = await open(path, "r");
    const bell = createBell(watcher);
    const finished = ended.then(isOver, isOver);
    let shown = 0;
    for (let over = false; ;) {
      const chunk = shown < longestOutput ? await readChunk(file) : undefined;
      shown += chunk?.length ?? 0;
      if (chunk) yield* split.push(chunk);
      else if (over) break;
      else over = await Promise.race([finished, bell.next()]);
    }
    yield* split.rest();
  } finally {
    watcher.close();
  }
}

const isOver = () => true;

/** Rings once for any number of changes since it was last heard, so that a slow reader piles up nothing. */
const createBell = (watcher: FSWatcher) => {
  let rung = false;
  let wake: (() => void) | undefined;
  const ring = () => {
    rung = true;
    wake?.();
  };
  watcher.on("change", ring).on("error", ring); // a watch that fails still has what can be read
  return {
    async next(): Promise<false> {
      if (!rung) await new Promise<void>((resolve) => (wake = resolve));
      rung = false;
      return false;
    },
  };
};

/** The last 2000 characters of a file, whole lines of Podman's warnings and all. */
export const tailOf = async (path: string): Promise<string> => {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  const from = Math.max(0, size - 4 * keptTextLength); // a character takes at most 4 bytes
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
  return buffer.toString("utf8", 0, bytesRead).slice(-keptTextLength);
};

/** What the end of a job needs to know of its output. */
export type Summary = {
  result: ResultLine | undefined;
  resultLine: string;
  counts: Counts;
  model: string;
  text: string;
};

const headBytes = 1_048_576;
const tailBytes = 40 * 1_048_576; // room for the longest result line, and what may come after it

export const noOutput: Summary = { result: undefined, resultLine: "", counts: noCounts, model: "", text: "" };

/** The head tells the model, the tail the results; a background task can add some: the last one counts. */
export const summarize = async (path: string): Promise<Summary> => {
  const { size } = await stat(path);
  const summary = { ...noOutput };
  const start = Math.max(0, size - tailBytes);
  if (start > 0) for await (const line of linesOf(path, { end: headBytes })) take(summary, line);
  for await (const line of linesOf(path, { start })) take(summary, line);
  return summary;
};

const take = (summary: Summary, line: string): void => {
  const result = parseResult(line);
  if (result) Object.assign(summary, { result, resultLine: line, counts: addCounts(summary.counts, usageOf(result)) });
  else for (const event of eventsOf(line)) note(summary, event);
};

const note = (summary: Summary, event: AgentEvent): void => {
  if (event.kind === "init") summary.model = event.model;
  if (event.kind === "text") summary.text = `${summary.text}${event.text}\n`.slice(-keptTextLength);
};

const readChunk = async (file: FileHandle): Promise<Buffer | undefined> => {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(65_536));
  return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
};

/** The CLI's longest lines hold a reply of some megabytes; an agent can write longer ones, to use up our memory. */
const longestLine = 32 * 1024 * 1024;

/** Cuts bytes at line feeds alone: JSON may hold every other character that passes for a line end. */
const createSplitter = () => {
  let parts: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer) => {
    const kept = part.subarray(0, longestLine - length);
    length += kept.length;
    if (kept.length > 0) parts.push(kept);
  };
  const flush = () => {
    const line = Buffer.concat(parts).toString("utf8");
    parts = [];
    length = 0;
    return line;
  };
  return {
    *push(chunk: Buffer): Generator<string> {
      let from = 0;
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
        if (at > from) add(chunk.subarray(from, at));
        if (length > 0) yield flush(); // an empty line says nothing
        from = at + 1;
      }
      add(chunk.subarray(from));
    },
    *rest(): Generator<string> {
      if (length > 0) yield flush();
    },
  };
};
