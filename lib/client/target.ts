import { existsSync } from "node:fs";
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { isOwnFolder } from "../paths.ts";

/** Where a daemon listens. */
export type Target = { socketPath: string } | { protocol: "http:" | "https:"; host: string; port: number };

/** fetch as far as a client of ours needs it. */
export type Send = (url: string, init?: RequestInit) => Promise<Response>;

/** `unix:///path` or `http(s)://host:port`; nothing for a text that is neither. */
export const parseTarget = (text: string): Target | undefined => {
  if (/^unix:\/\/./.test(text)) return { socketPath: text.slice("unix://".length) };
  const { hostname, port, protocol } = URL.parse(text) ?? {};
  if (hostname === undefined || (protocol !== "http:" && protocol !== "https:")) return undefined;
  const usual = protocol === "http:" ? 80 : 443;
  return { protocol, host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port || usual) };
};

/** Prompts and variables go to whoever listens, so the folder of the socket must be nobody else's: what is wrong with it. */
export const whyUnsafe = (target: Target): string | undefined => {
  if (!("socketPath" in target)) return undefined;
  const path = dirname(target.socketPath);
  if (!existsSync(path) || isOwnFolder(path)) return undefined;
  return `others can write to ${path}, so whoever listens there may not be your daemon`;
};

/** fetch to a target, over Node. Its own cannot speak over unix sockets, and costs the CLI 40 ms to load. */
export const sendTo =
  (target: Target, token: string | undefined): Send =>
  async (address, init = {}) => {
    const { signal } = init;
    const url = new URL(address);
    const options: RequestOptions = {
      ...target,
      path: `${url.pathname}${url.search}`,
      method: init.method ?? "GET",
      headers: {
        ...Object.fromEntries(new Headers(init.headers)),
        host: "localhost", // which the daemon lets in whatever the machine is called
        ...(token && { host: hostOf(target), authorization: `Bearer ${token}` }),
      },
    };
    // 25 ms, which --help and --version need not wait for
    const { request: send } = await ("protocol" in target && target.protocol === "https:"
      ? import("node:https")
      : import("node:http"));
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const request = send(options, (incoming) => {
        if (signal) onAbort(signal, incoming);
        resolve(responseOf(incoming));
      });
      if (signal) onAbort(signal, request);
      request.once("error", reject);
      request.end(init.body ?? undefined);
    });
  };

/** Ends with the signal's reason, as fetch does; Node's own option for it ends the body as a connection that was reset. */
const onAbort = (signal: AbortSignal, work: ClientRequest | IncomingMessage): void => {
  const stop = () => void work.destroy(signal.reason as Error); // an error, unless its owner gave another reason
  signal.addEventListener("abort", stop, { once: true });
  work.once("close", () => signal.removeEventListener("abort", stop));
};

const hostOf = (target: Target): string => {
  if ("socketPath" in target) return "localhost";
  const { host, port } = target;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
};

const responseOf = (incoming: IncomingMessage): Response => {
  const { statusCode: status = 500 } = incoming;
  const headers = Object.entries(incoming.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  if (status !== 204) return new Response(Readable.toWeb(incoming) as ReadableStream, { status, headers }); // one type, two declarations
  incoming.resume();
  return new Response(null, { status, headers }); // which may have no body, not even an empty one
};
