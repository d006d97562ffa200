import { createParser } from "eventsource-parser";

/** `id` is there when the event has one. */
export type ServerEvent = { event: string; data: string; id?: string };

/** The events of a server-sent event stream, as they come. Unnamed ones are called `message`. */
export async function* eventsFrom(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const ready: ServerEvent[] = [];
  const parser = createParser({
    onEvent: ({ id, event = "message", data }) => ready.push({ event, data, ...(id !== undefined && { id }) }),
  });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* ready.splice(0);
  }
}
