import { lookup as systemLookup } from "node:dns";
import { request as httpRequest, type OutgoingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { messageOf } from "../errors.ts";
import type { Config } from "../schema/config.ts";
import { millisecondsOf } from "../schema/units.ts";
import { version } from "../version.ts";
import { AddressRefused, publicOnly, refusedUrl } from "./address.ts";
import { signatureHeaders } from "./sign.ts";

/** What became of one attempt; `hopeless` is what no further attempt would change. */
export type Reply =
  | { kind: "answered"; status: number }
  | { kind: "unanswered"; error: string }
  | { kind: "hopeless"; error: string }
  | { kind: "interrupted" };

type Options = { config: Config["webhooks"]; now: () => number; lookup?: LookupFunction };
type Message = { id: string; url: string; body: string; trace?: Readonly<Record<string, string>> };

/** Posts a message once. Goes straight to the receiver: the proxy variables of the daemon are not for webhooks. */
export const createSender = ({ config, now, lookup = systemLookup }: Options) => {
  const allowed = config.allow_private ? lookup : publicOnly(lookup);
  const timeoutMs = millisecondsOf(config.timeout);

  return async ({ id, url, body, trace }: Message, stop: AbortSignal): Promise<Reply> => {
    const refused = refusedUrl(url, config);
    if (refused !== undefined) return { kind: "hopeless", error: refused };
    const bytes = Buffer.from(body);
    const headers = {
      ...trace,
      "Content-Type": "application/json",
      "Content-Length": bytes.length,
      "User-Agent": `stromboli/${version}`,
      "X-Stromboli-Delivery": id,
      ...signatureHeaders(config.secret, bytes, now()),
    };
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const signal = AbortSignal.any([timeout, stop]);
      const status = await post(new URL(url), bytes, { headers, lookup: allowed, signal });
      return { kind: "answered", status };
    } catch (error) {
      if (error instanceof AddressRefused) return { kind: "hopeless", error: error.message };
      if (stop.aborted) return { kind: "interrupted" };
      return { kind: "unanswered", error: timeout.aborted ? `no answer within ${config.timeout}` : reasonOf(error) };
    }
  };
};

type PostOptions = { headers: OutgoingHttpHeaders; lookup: LookupFunction; signal: AbortSignal };

/** The status of the answer, once the connection is closed; follows no redirect. */
const post = (url: URL, body: Buffer, options: PostOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    const begin = url.protocol === "https:" ? httpsRequest : httpRequest;
    const request = begin(url, { ...options, method: "POST", agent: false }); // an agent of its own: no proxy, no keep-alive
    let failure = new Error("the connection was closed without an answer");
    let status: number | undefined;
    let left = mostRead;
    request.once("response", (response) => {
      status = response.statusCode;
      response.on("error", () => {}); // the status says it all, even if the rest is lost
      response.on("data", (chunk: Buffer) => {
        left -= chunk.length;
        if (left < 0) request.destroy();
      });
      response.once("end", () => request.destroy());
    });
    request.on("error", (error) => (failure = error));
    request.once("close", () => (status === undefined ? reject(failure) : resolve(status)));
    request.end(body);
  });

/** Bytes of an answer that are read, for receivers that mind a connection which closes on them. */
const mostRead = 16_384;

/** A name with several addresses fails with one error for each of them. */
const reasonOf = (error: unknown): string =>
  error instanceof AggregateError ? error.errors.map(messageOf).join("; ") : messageOf(error);
