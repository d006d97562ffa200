import type { JobTrace, TraceHeaders } from "./trace.ts";

export type Answered = {
  method: string;
  /** As it is written; undefined where none took the request. */
  route: string | undefined;
  path: string;
  via: "unix" | "tcp";
  status: number;
  requestId: string;
  /** The job that was made. */
  job: string | undefined;
};

/** A request that is being answered. */
type RequestTrace = {
  /** Where a job stands that it makes. */
  job: JobTrace | undefined;
  end: (answered: Answered) => void;
};

export type Traces = {
  /** A request has come with these headers. */
  begin: (headers: TraceHeaders) => Promise<RequestTrace>;
  /** A job has ended, and its spans may be sent. */
  jobEnded: () => void;
};

/** Sends nothing, and passes on what callers tell of their own traces. */
export const untraced: Traces = {
  async begin(headers) {
    if (headers.traceparent === undefined) return { job: undefined, end };
    const { placeIn } = await import("./incoming.ts"); // who sends none need not have it in memory
    const place = placeIn(headers);
    return { job: place && { ...place, parentSpanId: place.spanId, spanId: null }, end };
  },
  jobEnded: () => {},
};

const end = (): void => {};
