import { once } from "node:events";
import { chmod, mkdir, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { noCredentials, type Credential } from "../credentials.ts";
import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ApiRequest } from "../store/api-requests.ts";
import { isHandle } from "./handle.ts";
import { createTap, type Seen } from "./tap.ts";
import { passedOn, type Upstream } from "./upstream.ts";

type Deps = {
  upstream: Upstream;
  credential: () => Credential | undefined;
  demo: RequestListener;
  record: (request: ApiRequest) => void;
  /** Hears that the model API could not be reached, or broke off. */
  onFailure: () => void;
  log: Log;
  now: () => number;
};
/** `folder` is what the container gets to see; a TCP broker has none. */
export type Door = {
  jobId: string;
  handleHash: string;
  demo: boolean;
  folder: string | undefined;
  /** The TCP port of before a restart: the container knows no other. */
  port?: number | undefined;
};
export type OpenDoor = {
  port: number | undefined;
  /** Bytes that have passed, both ways together. */
  traffic: () => number;
  /** Whether an answer is being waited for. */
  isBusy: () => boolean;
  close: () => Promise<void>;
};
export type Broker = ReturnType<typeof createBroker>;

export const socketName = "api.sock";
const maxConnections = 64; // more than the CLI opens; a hostile agent must not use up the daemon's descriptors

/** Opens one door to the model API for each job. The key is put in on the way out and never comes in. */
export const createBroker = (deps: Deps) => ({
  async open(door: Door): Promise<OpenDoor> {
    let flying = 0;
    const server = createServer((request, response) => {
      flying += 1;
      response.once("close", () => (flying -= 1));
      void answer(deps, door, { request, response });
    });
    server.maxConnections = maxConnections;
    server.requestTimeout = 0; // a prompt may take its time; the job's own limits end it
    const traffic = countTraffic(server);
    const port = door.folder === undefined ? await listenTcp(server, door.port) : await listenUnix(server, door.folder);
    return { port, traffic, isBusy: () => flying > 0, close: () => closed(server) };
  },
});

const listenUnix = async (server: Server, folder: string): Promise<undefined> => {
  const socket = join(folder, socketName);
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755); // whatever the umask made of it
  await rm(socket, { force: true }); // left by a daemon that was killed
  await once(server.listen(socket), "listening");
  await chmod(socket, 0o666); // the container's user has another uid; the job's folder above keeps everyone else out
};

const countTraffic = (server: Server): (() => number) => {
  const open = new Set<Socket>();
  let past = 0;
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => {
      open.delete(socket);
      past += bytesOf(socket);
    });
  });
  return () => past + [...open].reduce((sum, socket) => sum + bytesOf(socket), 0);
};

const bytesOf = ({ bytesRead, bytesWritten }: Socket): number => bytesRead + bytesWritten;

const listenTcp = async (server: Server, wanted = 0): Promise<number> => {
  await once(server.listen(wanted), "listening");
  const { port } = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
  return port;
};

const closed = async (server: Server): Promise<void> => {
  const done = once(server, "close");
  server.close();
  server.closeAllConnections();
  await done;
};

type Exchange = { request: IncomingMessage; response: ServerResponse };

const answer = async (deps: Deps, door: Door, exchange: Exchange): Promise<void> => {
  const { request, response } = exchange;
  if (request.method === "HEAD" && request.url === "/") return void response.writeHead(200).end();
  if (!isHandle(handleOf(request), door.handleHash)) return refuse(response, 401, "this handle is not this job's");
  const path = pathOf(request);
  if (!path) return refuse(response, 404, "the broker passes on model requests only");
  if (door.demo) return deps.demo(request, response);
  try {
    await passOn(deps, door, { ...exchange, path });
  } catch (error) {
    deps.log.warn({ job: door.jobId, error: messageOf(error) }, "model request failed");
    deps.onFailure();
    if (response.headersSent) response.destroy();
    else refuse(response, 502, `the daemon could not reach the model API${codeIn(error)}`);
  }
};

/** What the agent's user may know of a failure: the daemon's log has the rest. */
const codeIn = (error: unknown): string =>
  error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";

/** The path and query of a model request; what an agent sends is compared as it stands, never parsed as a URL. */
const pathOf = ({ method, url = "" }: IncomingMessage): string | undefined =>
  method === "POST" && /^\/v1\/messages(\/count_tokens)?(\?[\w=&.%-]*)?$/.test(url) ? url : undefined;

const passOn = async (
  deps: Deps,
  door: Door,
  { request, response, path }: Exchange & { path: string },
): Promise<void> => {
  const credential = deps.credential();
  if (!credential) return refuse(response, 401, noCredentials().message);
  const startedAt = deps.now();
  const gone = new AbortController();
  response.once("close", () => gone.abort()); // the agent hung up, so the API need not go on
  const answered = await deps.upstream.request(request, { path, credential, signal: gone.signal });
  const firstByteMs = deps.now() - startedAt;
  const status = answered.statusCode ?? 502;
  response.writeHead(status, { ...passedOn(answered), ...(status === 401 && giveUp) }).flushHeaders();

  const tap = createTap(answered.headers["content-type"] ?? "");
  const through = new PassThrough().on("data", (chunk: Buffer) => tap.write(chunk));
  try {
    await pipeline(answered, through, response);
    tap.end();
  } finally {
    const durationMs = deps.now() - startedAt;
    const [route = ""] = path.split("?");
    deps.record(recordOf({ jobId: door.jobId, startedAt, path: route, status, firstByteMs, durationMs }, tap.seen));
  }
};

const recordOf = (request: Omit<ApiRequest, keyof Seen>, seen: Seen): ApiRequest => ({ ...request, ...seen });

const handleOf = ({ headers }: IncomingMessage): string =>
  (typeof headers["x-api-key"] === "string" ? headers["x-api-key"] : headers.authorization?.replace(/^Bearer /, "")) ??
  "";

/** The CLI would try a key that is refused again and again; this header it heeds. */
const giveUp = { "x-should-retry": "false" };

/** Refusals have the API's own shape, so that the CLI reports them as it does those of the API. */
const refuse = (response: ServerResponse, status: number, message: string): void => {
  const type = status === 401 ? "authentication_error" : status === 404 ? "not_found_error" : "api_error";
  response.req.resume(); // a body that nobody reads would keep the agent from reading this
  response
    .writeHead(status, { "content-type": "application/json", ...(status === 401 && giveUp) })
    .end(JSON.stringify({ type: "error", error: { type, message } }));
};
