import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { type Exchange, sendEvents, sendFailure, sendJson } from "./exchange.ts";
import { refusal, toFailure } from "./failures.ts";
import { goWrong, strikes } from "./faults.ts";
import { toMessage } from "./reply.ts";
import { MessagesRequest, type ModelRequest, parseJson } from "./request.ts";
import { type Fallback, nextTurn, type Turn } from "./script.ts";
import { toEvents } from "./sse.ts";

export type { ModelRequest } from "./request.ts";

export type ScriptedModelOptions = { fallback?: Fallback; observe?: (request: ModelRequest) => void };

/** It runs inside the daemon, and agents talk to it: nothing of theirs may pile up. */
const rememberedAttempts = 1000;

/** A stand-in for the Anthropic Messages API, as a listener for `http.createServer`: the prompt is its script. */
export const createScriptedModel = ({ fallback = "tour", observe }: ScriptedModelOptions = {}) => {
  const attempts = new Map<string, number>();

  const dueFault = ({ faults }: Turn, stream: boolean) =>
    faults.find(({ fault, key }) => {
      const attempt = (attempts.get(key) ?? 0) + 1;
      if (attempts.size > rememberedAttempts) attempts.clear();
      attempts.set(key, attempt);
      return strikes(fault, { attempt, stream });
    })?.fault;

  const answer = async (request: MessagesRequest, exchange: Exchange): Promise<void> => {
    const turn = nextTurn(request, fallback);
    const envelope = { id: exchange.id, model: request.model };
    const fault = dueFault(turn, request.stream);
    await pause(turn.reply.delayMs, undefined, { signal: exchange.gone });
    if (fault) return goWrong(fault, exchange, { reply: turn.reply, envelope, stream: request.stream });
    if (!request.stream) return sendJson(exchange, 200, toMessage(turn.reply, envelope));
    await sendEvents(exchange, toEvents(turn.reply, envelope));
    exchange.response.end();
  };

  const serve = async ({ request, method, path }: Received, exchange: Exchange): Promise<void> => {
    const received = await readBody(request);
    if (received === undefined) return sendFailure(exchange, toFailure(413));
    const { data: body } = MessagesRequest.safeParse(parseJson(received));
    observe?.({ method, path, headers: request.headers, body });

    if (method === "HEAD" && path === "/") return void exchange.response.end();
    if (method !== "POST" || !paths.has(path)) {
      return sendFailure(exchange, toFailure(404, { message: `${method} ${path} is not here` }));
    }
    if (!body) return sendFailure(exchange, toFailure(400, { message: "the body is not a Messages request" }));
    const failure = refusal(request.headers, body);
    if (failure) return sendFailure(exchange, failure);
    if (path === countTokens) return sendJson(exchange, 200, { input_tokens: Math.ceil(received.length / 4) });
    await answer(body, exchange);
  };

  return (request: IncomingMessage, response: ServerResponse): void => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const exchange = { id: randomUUID().replaceAll("-", ""), response, gone: gone.signal };
    serve(toReceived(request), exchange).catch((error: unknown) => {
      if (gone.signal.aborted) return; // the client hung up: nobody is left to tell
      if (response.headersSent) response.destroy();
      else sendFailure(exchange, toFailure(500, { message: String(error) }));
    });
  };
};

const countTokens = "/v1/messages/count_tokens";
const paths = new Set(["/v1/messages", countTokens]);

type Received = { request: IncomingMessage; method: string; path: string };

const toReceived = (request: IncomingMessage): Received => ({
  request,
  method: request.method ?? "GET",
  path: (request.url ?? "/").replace(/\?.*$/, ""),
});

const largestBody = 8 * 1024 * 1024;

/** The body as text; undefined, and the rest unread, when it is larger than any real request. */
const readBody = async (request: AsyncIterable<Buffer>): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > largestBody) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
};
