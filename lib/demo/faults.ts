import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { Fault } from "./directives.ts";
import { type Exchange, head, sendEvents, sendFailure, write } from "./exchange.ts";
import { toErrorBody, toFailure } from "./failures.ts";
import { type Envelope, type Reply, toMessage } from "./reply.ts";
import { encode, toOpening } from "./sse.ts";

/** Whether a fault strikes at this attempt. */
export const strikes = (fault: Fault, { attempt, stream }: { attempt: number; stream: boolean }): boolean => {
  if (fault.kind === "fail") return attempt <= fault.times;
  if (fault.kind === "fail-in-stream") return stream;
  if (fault.kind === "malformed" || fault.kind === "truncated") return stream || fault.always;
  return true;
};

type Unsent = { reply: Reply; envelope: Envelope; stream: boolean };

/** Does the wrong thing; returns when it is done or the client has gone. */
export const goWrong = async (fault: Fault, exchange: Exchange, unsent: Unsent): Promise<void> => {
  const { response, id } = exchange;
  if (fault.kind === "fail") return sendFailure(exchange, toFailure(fault.status, fault.details));
  if (fault.kind === "garbage") return sendPage(exchange);
  if (fault.kind === "hang") return untilGone(exchange);

  await sendHalf(exchange, unsent);
  if (fault.kind === "hang-mid") return untilGone(exchange);
  if (fault.kind === "fail-in-stream") {
    response.end(encode({ data: toErrorBody({ type: fault.type, message: "scripted" }, id) }));
  } else if (fault.kind === "truncated") {
    await pause(50, undefined, { signal: exchange.gone }); // else the client may drop what came before the cut
    response.destroy();
  } else {
    response.end(unsent.stream ? 'event: content_block_delta\ndata: {"type":"content_blo\n\n' : "");
  }
};

const sendPage = (exchange: Exchange): void => {
  exchange.response.writeHead(200, head(exchange, "text/html")).end("<html><body>This is not an API.</body></html>");
};

const sendHalf = async (exchange: Exchange, { reply, envelope, stream }: Unsent): Promise<void> => {
  if (stream) return sendEvents(exchange, toOpening(reply, envelope));
  exchange.response.writeHead(200, head(exchange, "application/json"));
  await write(exchange, JSON.stringify(toMessage(reply, envelope)).slice(0, -20));
};

const untilGone = async ({ gone }: Exchange): Promise<void> => {
  if (!gone.aborted) await once(gone, "abort");
};
