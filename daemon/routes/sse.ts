import { setTimeout as pause } from "node:timers/promises";
import { toEvents, type JobEvent, type Lines } from "../../lib/jobs/events.ts";

export type ServerEvent = { id?: number; event?: string; data: string };

/** Events, or the bytes of some as they go out. */
type Chunk = readonly ServerEvent[] | Uint8Array;

const heartbeatMs = 15_000;
const headers = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-cache",
  "X-Accel-Buffering": "no", // or nginx would hold events back
};

/** An answer of server-sent events, asked for no faster than the client takes them. `stop` is called when it hangs up. */
export const eventStream = (events: AsyncGenerator<Chunk>, stop: () => void): Response => {
  let coming: Promise<IteratorResult<Chunk>> | undefined;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      coming ??= events.next();
      const batch = await soon(coming);
      if (!batch) return controller.enqueue(Buffer.from(": still here\n\n"));
      coming = undefined;
      if (batch.done) return controller.close();
      const { value } = batch;
      controller.enqueue(value instanceof Uint8Array ? value : Buffer.from(value.map(textOf).join("")));
    },
    async cancel() {
      stop();
      await events.return(undefined);
    },
  });
  return new Response(body, { headers });
};

/** What comes within the time of a heartbeat. */
const soon = async <Value>(coming: Promise<Value>): Promise<Value | undefined> => {
  const here = new AbortController();
  const late = pause(heartbeatMs, undefined, { signal: here.signal, ref: false }).catch(() => undefined);
  try {
    return await Promise.race([coming, late]);
  } finally {
    here.abort();
  }
};

/** One event as it goes out; a carriage return would end a line as well, so text with some is several lines. */
const textOf = ({ id, event, data }: ServerEvent): string =>
  [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    ...data.split(/\r\n|\r|\n/).map((line) => `data: ${line}`),
    "\n",
  ].join("\n");

const carriageReturn = 13;
const lineFeed = 10;

/** Lines of a file as events, framed as bytes: with many readers of a long output, text would fill the memory. */
export const framed = (lines: Lines): Chunk => {
  const { source, firstId, count, bytes } = lines;
  if (bytes.includes(carriageReturn)) return named(toEvents(lines));
  const headOf = (id: number) => `id: ${id}\nevent: ${source}\ndata: `;
  const chunk = Buffer.allocUnsafe(bytes.length + count * (headOf(firstId + count).length + 1));
  let to = 0;
  for (let from = 0, id = firstId; from < bytes.length; id += 1) {
    const next = bytes.indexOf(lineFeed, from) + 1;
    to += chunk.write(headOf(id), to, "latin1");
    to += bytes.copy(chunk, to, from, next);
    chunk[to] = lineFeed;
    to += 1;
    from = next;
  }
  return chunk.subarray(0, to);
};

/** Events of a job as the stream names them. */
export const named = (events: readonly JobEvent[]): ServerEvent[] =>
  events.map(({ id, type, data }) => ({ id, event: type, data }));
