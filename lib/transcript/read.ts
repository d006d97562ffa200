import { linesOf } from "../jobs/output.ts";
import type { MessagePage, SessionMessage } from "../schema/session.ts";
import { messageOf, parseLine, type Line } from "./message.ts";
import { openTranscript } from "./open.ts";

/** Where a session's transcript is to be looked for, and for how long. */
export type Transcript = { home: string; id: string; signal: AbortSignal };

const mebibyte = 1024 * 1024;
const mostBytes = 256 * mebibyte; // to make a larger file costs an agent nothing
const longestLine = 16 * mebibyte; // holds the longest image that the CLI reads, twice
const mostOnPage = 4 * mebibyte;

/** Some messages of a session, and how many there are; fewer than asked for where they are long. */
export const readPage = async (
  transcript: Transcript,
  { offset, limit }: { offset: number; limit: number },
): Promise<MessagePage> => {
  const messages: SessionMessage[] = [];
  let total = 0;
  let room = mostOnPage;
  for await (const line of messageLines(transcript)) {
    if (total === offset + messages.length && messages.length < limit) {
      const message = messageOf(line, transcript.id);
      room -= JSON.stringify(message).length;
      if (room >= 0 || messages.length === 0) messages.push(message);
    }
    total += 1;
  }
  return { messages, total, offset, limit, has_more: offset + messages.length < total };
};

export const readMessage = async (transcript: Transcript, uuid: string): Promise<SessionMessage | undefined> => {
  for await (const line of messageLines(transcript)) if (line.uuid === uuid) return messageOf(line, transcript.id);
  return undefined;
};

async function* messageLines({ home, id, signal }: Transcript): AsyncGenerator<Line> {
  await using file = await openTranscript(home, id);
  if (!file) return;
  const { size } = await file.stat(); // what comes after that is not waited for
  if (size === 0) return;
  for await (const { text } of linesOf(file, { end: Math.min(size, mostBytes) - 1 }, { longest: longestLine })) {
    if (signal.aborted) return; // nobody waits for the answer
    const line = parseLine(text);
    if (line) yield line;
  }
}
