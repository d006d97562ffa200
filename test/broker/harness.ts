import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { createBroker, socketName } from "../../lib/broker/broker.ts";
import { createHandle, hashHandle } from "../../lib/broker/handle.ts";
import { createUpstream } from "../../lib/broker/upstream.ts";
import type { Credential } from "../../lib/credentials.ts";
import type { ApiRequest } from "../../lib/store/api-requests.ts";
import { withoutUndefined } from "../../lib/given.ts";
import { memoryLog, tempFolder } from "../harness.ts";

type Received = { method: string; url: string; headers: IncomingHttpHeaders; body: string };

/** A model API on loopback that keeps what it receives, and tells of the first piece of a body at once. */
export const startApi = async (
  t: TestContext,
  answer: RequestListener = (_, response) => response.end("{}"),
  onFirstPiece: (piece: string) => void = () => {},
) => {
  const received: Received[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = "", url = "", headers } = request;
    request.once("data", (chunk: Buffer) => onFirstPiece(chunk.toString()));
    received.push({ method, url, headers, body: await text(request).catch(() => "") });
    answer(request, response);
  };
  const server = createServer((request, response) => void receive(request, response)).listen(0, "127.0.0.1");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
  return { url: `http://127.0.0.1:${port}`, received };
};

export type CallOptions = { method?: string; path?: string; headers?: OutgoingHttpHeaders; body?: string | Buffer };
type Options = {
  url: string;
  credential?: Credential | undefined;
  demo?: RequestListener;
  folder?: string;
};

/** An open door of the broker, and the agent's side of it. */
export const openDoor = async (t: TestContext, { url, demo, folder = tempFolder(t), ...options }: Options) => {
  const handle = createHandle();
  const recorded = Promise.withResolvers<ApiRequest>();
  const failed = { count: 0 };
  const upstream = createUpstream(url, {});
  t.after(() => upstream.close());
  const { log, lines } = memoryLog();
  const credential = "credential" in options ? options.credential : ({ kind: "api_key", value: "sk-real" } as const);
  const broker = createBroker({
    upstream,
    credential: () => credential,
    demo: demo ?? ((_, response) => response.end("demo")),
    record: recorded.resolve,
    onFailure: () => void (failed.count += 1),
    log,
    now: Date.now,
  });
  const door = await broker.open({
    jobId: "run-1",
    handleHash: hashHandle(handle),
    demo: demo !== undefined,
    folder: join(folder, "broker"),
  });
  t.after(() => door.close());
  const socketPath = join(folder, "broker", socketName);

  /** Begins a request as the agent; the body is sent unless it is to be written by hand. */
  const begin = ({ method = "POST", path = "/v1/messages?beta=true", headers }: CallOptions = {}) =>
    httpRequest({
      socketPath,
      method,
      path,
      agent: false,
      headers: withoutUndefined({ "x-api-key": handle, ...headers }),
    });

  return {
    broker,
    door,
    handle,
    folder,
    socketPath,
    begin,
    log: lines,
    /** What the broker writes down of a request, once it has. */
    recorded: recorded.promise,
    /** How often the model could not be reached, or broke off. */
    failed,
    /** A whole exchange as the agent sees it. */
    call: async ({ body, ...rest }: CallOptions = {}) => {
      const request = begin(rest).end(body);
      const response = await responseTo(request);
      request.on("error", () => {}); // an answer may come before the whole body is sent
      return { status: response.statusCode, headers: response.headers, body: await text(response) };
    },
  };
};

export const responseTo = async (request: ReturnType<typeof httpRequest>): Promise<IncomingMessage> => {
  const [response] = (await once(request, "response")) as [IncomingMessage]; // the event's one argument
  return response;
};

/** The next piece of a response that is still under way. */
export const nextChunk = async (response: IncomingMessage): Promise<string> => {
  const [chunk] = (await once(response, "data")) as [Buffer]; // no encoding set: buffers
  return chunk.toString();
};
