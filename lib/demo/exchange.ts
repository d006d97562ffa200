import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { type Failure, toErrorBody } from "./failures.ts";
import { encode, type Event } from "./sse.ts";

/** One request being answered; `gone` aborts when the client hangs up. */
export type Exchange = { id: string; response: ServerResponse; gone: AbortSignal };

export const sendJson = (exchange: Exchange, status: number, body: unknown): void => {
  exchange.response.writeHead(status, head(exchange, "application/json")).end(JSON.stringify(body));
};

export const sendFailure = (exchange: Exchange, { retryAfter, ...failure }: Failure): void => {
  if (retryAfter) exchange.response.setHeader("retry-after", retryAfter);
  sendJson(exchange, failure.status, toErrorBody(failure, exchange.id));
};

/** Starts the stream and sends the events, each after its pause; leaves the stream open. */
export const sendEvents = async (exchange: Exchange, events: Iterable<Event>): Promise<void> => {
  exchange.response.writeHead(200, { ...head(exchange, "text/event-stream"), "cache-control": "no-cache" });
  for (const event of events) {
    if (event.afterMs) await pause(event.afterMs, undefined, { signal: exchange.gone });
    await write(exchange, encode(event));
  }
};

/** Resolves when the client can take more; rejects when it has gone. */
export const write = async ({ response, gone }: Exchange, chunk: string): Promise<void> => {
  gone.throwIfAborted();
  if (!response.write(chunk)) await once(response, "drain", { signal: gone });
};

export const head = ({ id }: Exchange, type: string) => ({ "content-type": type, "request-id": `req_${id}` });
