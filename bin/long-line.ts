import type { Client } from "./client.ts";
import { checkPresence, createPatience, type PatienceOptions } from "../lib/client/patience.ts";
import { lostWith, type JobEvent } from "./follow.ts";

/** Where a line above 1 MiB is found, in bytes of a log of its job; the line feed at its end is one of them. */
type Pointer = { stream: "stdout" | "stderr"; start: number; end: number };

/** What an event says, in full. */
export const lineOf = async (
  client: Client,
  job: string,
  { event, ...options }: PatienceOptions & { event: JobEvent },
): Promise<string> => {
  const pointer = pointerOf(event);
  if (!pointer) return event.data;
  const chunks = await Array.fromAsync(longLine(client, job, { ...pointer, ...options }));
  return chunks.length === 0 ? event.data : Buffer.concat(chunks).toString().replace(/\n$/, "");
};

/** What stands for a line that is too long for an event; undefined for every other line. */
export const pointerOf = ({ type, data }: JobEvent): Pointer | undefined => {
  if (!data.startsWith('{"type":"stromboli_long_line"') || data.length > longestPointer) return undefined;
  try {
    const { stream, start, end } = JSON.parse(data) as Pointer;
    const known =
      stream === (type === "output" ? "stdout" : "stderr") && start >= 0 && end > start && end - start <= longestLine;
    return known ? { stream, start, end } : undefined;
  } catch {
    return undefined; // an agent can write what begins like a pointer
  }
};

const longestPointer = 1000;
const longestLine = 64 * 1024 * 1024; // more than any line of the CLI; an agent can make a pointer up

/** The bytes of a long line as they come, across lost connections; none when there is no such place. */
export async function* longLine(
  client: Client,
  id: string,
  { stream, start, end, ...options }: Pointer & PatienceOptions,
): AsyncGenerator<Uint8Array> {
  const patience = createPatience(options);
  let at = start;
  do {
    try {
      const answer = await client.jobs[":id"].logs.$get(
        { param: { id }, query: { stream } },
        { headers: { Range: `bytes=${at}-${end - 1}` }, ...(options.signal && { init: { signal: options.signal } }) },
      );
      await checkPresence(answer);
      if (answer.status !== 206 || !answer.body) {
        await answer.body?.cancel();
        return;
      }
      for await (const chunk of answer.body) {
        at += chunk.byteLength;
        patience.served();
        yield chunk;
      }
      if (at >= end) return;
    } catch (error) {
      if (!patience.bears(error)) throw error;
    }
  } while (await patience.lasts());
  throw lostWith(id);
}
