import type { z } from "zod";
import { eventsFrom } from "../../lib/client/sse.ts";
import { Failure } from "../../lib/schema/failure.ts";
import { JobList, JobResponse, RunResponse, Submitted } from "../../lib/schema/job.ts";
import type { RunRequest } from "../../lib/schema/run.ts";
import { checkAnswer } from "../contract.ts";

type Request = z.input<typeof RunRequest> | Record<string, unknown>;
type CallOptions = { signal?: AbortSignal; query?: string };

/** All that an answer of POST /run may hold, be it a result or an error. */
const Answer = RunResponse.partial().extend({
  ...Failure.partial().shape,
  status: RunResponse.shape.status.or(Failure.shape.status),
  id: RunResponse.shape.id.optional(),
});

const Receipt = Submitted.partial().extend(Failure.partial().shape);
type EventsOptions = { query?: string; lastEventId?: number; signal?: AbortSignal };

const patienceMs = 120_000; // others use the machine as well
const beyondAll = 1e15; // no event has this number: a stream behind it is silent, and ends with its job

/** The HTTP calls of a client, each answer held against the document. `url` is asked each time: a daemon that was restarted has another port. */
export const createCalls = (url: () => string) => {
  const send = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${url()}${path}`, init);
    await checkAnswer({ method: init.method ?? "GET", path }, answer);
    return answer;
  };
  const post = (path: string, request: Request, { signal }: CallOptions = {}) =>
    send(path, { method: "POST", body: JSON.stringify(request), ...(signal && { signal }) });

  const show = async (id: string) => JobResponse.parse(await (await send(`/jobs/${id}`)).json());
  const openEvents = (id: string, { query = "", lastEventId, signal }: EventsOptions = {}) =>
    send(`/jobs/${id}/events${query}`, {
      headers: lastEventId === undefined ? {} : { "last-event-id": String(lastEventId) },
      signal: signal ?? AbortSignal.timeout(patienceMs),
    });
  async function* eventsAsTheyCome(id: string, options: EventsOptions = {}) {
    const { body } = await openEvents(id, options);
    if (body) yield* eventsFrom(body);
  }

  return {
    send,
    /** POST /run to its end. */
    run: async (request: Request, options: CallOptions = {}) => {
      const response = await post("/run", request, options);
      return { status: response.status, headers: response.headers, body: Answer.parse(await response.json()) };
    },
    /** POST /run/stream to its end. */
    stream: async (request: Request, { query = "", ...options }: CallOptions = {}) => {
      const { status, headers, body } = await post(`/run/stream${query}`, request, options);
      return { status, headers, events: body ? await Array.fromAsync(eventsFrom(body)) : [] };
    },
    /** POST /run/stream as it comes. */
    follow: async (request: Request, options: CallOptions = {}) => post("/run/stream", request, options),
    /** POST /run/async. */
    submit: async (request: Request, headers: Record<string, string> = {}) => {
      const response = await send("/run/async", { method: "POST", body: JSON.stringify(request), headers });
      return { status: response.status, headers: response.headers, body: Receipt.parse(await response.json()) };
    },
    show,
    list: async (query = "") => JobList.parse(await (await send(`/jobs${query}`)).json()),
    /** DELETE /jobs/{id}. */
    cancel: async (id: string) => {
      const response = await send(`/jobs/${id}`, { method: "DELETE" });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    /** GET /jobs/{id}/events as it comes. */
    openEvents,
    eventsAsTheyCome,
    /** The same to its end. */
    events: (id: string, options: EventsOptions = {}) => Array.fromAsync(eventsAsTheyCome(id, options)),
    /** A job once it has ended. */
    ended: async (id: string) => {
      await (await openEvents(id, { query: `?after=${beyondAll}` })).text();
      return show(id);
    },
    /** GET /jobs/{id}/logs. */
    logOf: async (id: string, query = "") => Buffer.from(await (await send(`/jobs/${id}/logs${query}`)).arrayBuffer()),
  };
};
