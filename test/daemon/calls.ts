import type { App } from "../../daemon/app.ts";
import { checkAnswer } from "../contract.ts";

export type CallOptions = {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer> | ReadableStream;
  signal?: AbortSignal;
};

/** What a client does; each answer is held against the document. */
export const createCalls = (app: App) => {
  const send = async (path: string, { headers, ...init }: CallOptions = {}) => {
    const duplex = init.body instanceof ReadableStream ? { duplex: "half" as const } : {};
    const all = { ...init, ...duplex, headers: { host: "localhost", ...headers } };
    const answer = await app.request(`http://localhost${path}`, all, { via: "tcp", peer: "127.0.0.1" });
    await checkAnswer({ method: init.method ?? "GET", path }, answer);
    return answer;
  };
  const call = async (path: string, init: CallOptions = {}) => {
    const answer = await send(path, init);
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  const json = async (path: string, init: CallOptions = {}) => {
    const { status, headers, text } = await call(path, init);
    return { status, headers, body: JSON.parse(text) as Record<string, unknown> }; // the API answers with objects
  };
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    json(path, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });
  return {
    /** An answer that may be a stream. */
    send,
    call,
    /** An exchange whose answer is JSON. */
    json,
    post,
    run: (body: unknown, headers: Record<string, string> = {}) => post("/run", body, headers),
    /** An asynchronous job; its id. */
    start: async (body: object = {}, headers: Record<string, string> = {}): Promise<string> =>
      String((await post("/run/async", { prompt: "hi", ...body }, headers)).body["job_id"]),
  };
};
