import type { z } from "zod";
import { eventsFrom } from "../../bin/sse.ts";
import { Failure } from "../../lib/schema/failure.ts";
import { RunResponse } from "../../lib/schema/job.ts";
import type { RunRequest } from "../../lib/schema/run.ts";

type Request = z.input<typeof RunRequest> | Record<string, unknown>;
type CallOptions = { signal?: AbortSignal; query?: string };

/** All that an answer of POST /run may hold, be it a result or an error. */
const Answer = RunResponse.partial().extend({
  ...Failure.partial().shape,
  status: RunResponse.shape.status.or(Failure.shape.status),
  id: RunResponse.shape.id.optional(),
});

/** The HTTP calls of a client. `url` is asked each time: a daemon that was restarted has another port. */
export const createCalls = (url: () => string) => {
  const send = (path: string, init: RequestInit = {}) => fetch(`${url()}${path}`, init);
  const post = (path: string, request: Request, { signal }: CallOptions = {}) =>
    send(path, { method: "POST", body: JSON.stringify(request), ...(signal && { signal }) });

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
  };
};
