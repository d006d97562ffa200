import { existsSync } from "node:fs";
import type { IncomingMessage, RequestOptions } from "node:http";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { hc } from "hono/client";
import type { App } from "../daemon/app.ts";
import { isOwnFolder } from "../lib/paths.ts";
import { exitCodes, Failure } from "./failure.ts";
import type { Address, Target } from "./target.ts";

export type Client = ReturnType<typeof createClient>;

/** The typed client of the HTTP API, over a unix socket or TCP. */
export const createClient = (target: Target) => hc<App>("http://localhost", { fetch: fetchFrom(target) });

/** Whether a daemon answers there. */
export const isUp = async (target: Target): Promise<boolean> => {
  try {
    return (await createClient(target).healthz.$get()).ok;
  } catch (error) {
    if (isUnreachable(error)) return false;
    throw error;
  }
};

/** The JSON of a good answer; an error answer becomes the daemon's own sentence and its exit code. */
export const jsonOf = async <Body>(response: {
  ok: boolean;
  json: () => Promise<Body>;
  text: () => Promise<string>;
}): Promise<Body> => {
  if (response.ok) return response.json();
  throw await failureOf(await response.text());
};

export const failureOf = async (text: string): Promise<Failure> => {
  const { exitCodeOf } = await import("../lib/errors.ts");
  try {
    const { error, code } = JSON.parse(text) as { error: string; code: string }; // the daemon's one error shape
    return new Failure(error, exitCodeOf(code), code);
  } catch {
    return new Failure(`the daemon answered something else than JSON: ${text.slice(0, 200)}`, exitCodes.internal);
  }
};

/** fetch as far as the client needs it. Node's own cannot speak over unix sockets, and costs 40 ms to load. */
const fetchFrom =
  ({ token, ...target }: Target) =>
  async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    if ("socketPath" in target) checkFolder(dirname(target.socketPath));
    const url = new URL(input instanceof Request ? input.url : input);
    const options: RequestOptions = {
      ...target,
      path: `${url.pathname}${url.search}`,
      method: init.method ?? "GET",
      headers: {
        ...Object.fromEntries(new Headers(init.headers)),
        host: "localhost", // which the daemon lets in whatever the machine is called
        ...(token && { host: hostOf(target), authorization: `Bearer ${token}` }),
      },
      ...(init.signal && { signal: init.signal }),
    };
    // 25 ms, which --help and --version need not wait for
    const { request: send } = await ("protocol" in target && target.protocol === "https:"
      ? import("node:https")
      : import("node:http"));
    return new Promise((resolve, reject) => {
      const request = send(options, (incoming) => resolve(responseOf(incoming)));
      request.once("error", reject);
      request.end(init.body ?? undefined);
    });
  };

const hostOf = (target: Address): string => {
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

/** Prompts and variables go to whoever listens, so the folder of the socket must be nobody else's. */
const checkFolder = (path: string): void => {
  if (existsSync(path) && !isOwnFolder(path))
    throw new Failure(`others can write to ${path}, so whoever listens there may not be your daemon`, exitCodes.config);
};

/** Whether nobody answers at a target, as opposed to somebody who answers badly. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof Error && "code" in error && unreachable.has(String(error.code));

const unreachable = new Set(
  "ECONNREFUSED ECONNRESET ENOENT ENOTSOCK EACCES EPIPE ETIMEDOUT ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH".split(
    " ",
  ),
);
