/** A place in a trace, as W3C's Trace Context has it. `state` is the tracestate, or empty. */
export type TracePlace = { traceId: string; spanId: string; flags: number; state: string };

/** Whether its spans are wanted. */
export const isSampled = ({ flags }: Pick<TracePlace, "flags">): boolean => (flags & 1) === 1;

/** Where a job stands in a trace: below the request that made it. */
export type JobTrace = Omit<TracePlace, "spanId"> & {
  parentSpanId: string;
  /** The job's own; null where there are no traces here, and the caller's is only passed on. */
  spanId: string | null;
};

/** A place in a trace as it is told to others. */
export type TraceHeaders = { traceparent?: string | undefined; tracestate?: string | undefined };

/** What others get to know of a job's trace, so that theirs goes on below it. */
export const headersOf = ({ traceId, spanId, parentSpanId, flags, state }: JobTrace): Record<string, string> => ({
  traceparent: `00-${traceId}-${spanId ?? parentSpanId}-${flags.toString(16).padStart(2, "0")}`,
  ...(state !== "" && { tracestate: state }),
});

/** The same as variables of a process's environment. */
export const variablesOf = (trace: JobTrace): Record<string, string> =>
  Object.fromEntries(Object.entries(headersOf(trace)).map(([name, value]) => [name.toUpperCase(), value]));
