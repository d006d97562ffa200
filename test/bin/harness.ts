import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo, ListenOptions } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { createClient } from "../../bin/client.ts";
import type { JobEvent } from "../../bin/follow.ts";
import { tempFolder } from "../harness.ts";

/** A daemon's place taken by a listener of the test's, on a socket: the real one does not break off on demand. */
export const listen = async (t: TestContext, listener: RequestListener) => {
  const folder = tempFolder(t);
  const socketPath = join(folder, "api.sock");
  const { stop } = await serve(t, listener, { path: socketPath });
  return { folder, socketPath, client: createClient({ socketPath }), stop };
};

/** The same over TCP. */
export const listenTcp = async (t: TestContext, listener: RequestListener) => {
  const { server, stop } = await serve(t, listener, { host: "127.0.0.1", port: 0 });
  const { port } = server.address() as AddressInfo; // TCP and listening: never null, never a path
  return { url: `http://127.0.0.1:${port}`, stop };
};

const serve = async (t: TestContext, listener: RequestListener, where: ListenOptions) => {
  const server = createServer(listener).listen(where);
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  t.after(stop);
  await once(server, "listening");
  return { server, stop };
};

export const jobId = "job-0123456789abcdef";

/** Pauses that no test waits for. */
export const quick = { firstPauseMs: 1, longestPauseMs: 2 };

/** What came in, with its body. */
export type Received = { method: string; path: string; headers: IncomingMessage["headers"]; body: string };
export type Answers = Readonly<Record<string, (request: Received, response: ServerResponse) => void>>;

/** A stand-in that keeps what it is asked, and answers a request by `METHOD /path`, or else with 404. */
export const answering = async (t: TestContext, answers: Answers) => {
  const requests: Received[] = [];
  const receive = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "", url = "", headers } = incoming;
    const request = { method, path: url, headers, body: await text(incoming) };
    requests.push(request);
    const answer = answers[`${method} ${url.replace(/\?.*/, "")}`];
    if (answer) answer(request, response);
    else json(response, { error: "there is no such thing", code: "job_not_found", request_id: "r" }, 404);
  };
  return { ...(await listen(t, (incoming, response) => void receive(incoming, response))), requests };
};

export const json = (response: ServerResponse, body: unknown, status = 200): void =>
  void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

/** A request that breaks off before it is answered. */
export const hangUp = (_: unknown, response: ServerResponse): void => void response.socket?.destroy();

/** The bytes of an event stream. */
export const streamOf = (events: readonly JobEvent[]): Buffer =>
  Buffer.from(
    events
      .map(({ id, type, data }) => {
        const lines = data.split("\n").map((line) => `data: ${line}\n`);
        return `id: ${id}\nevent: ${type}\n${lines.join("")}\n: still here\n\n`;
      })
      .join(""),
  );

/** Numbers from 0 to 1 that are the same at every run. */
export const randomFrom = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
};
