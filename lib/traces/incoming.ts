import { defaultTextMapGetter, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import type { TraceHeaders, TracePlace } from "./trace.ts";

const propagator = new W3CTraceContextPropagator();

/** The place in a trace that headers tell; a traceparent that is malformed is none, as the standard has it. */
export const placeIn = (headers: TraceHeaders): TracePlace | undefined => {
  const found = trace.getSpanContext(propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter));
  if (!found) return undefined;
  return {
    traceId: found.traceId,
    spanId: found.spanId,
    flags: found.traceFlags,
    state: found.traceState?.serialize() ?? "",
  };
};
