import type { Attributes } from "@opentelemetry/api";
import type { TracePlace } from "./trace.ts";

/** A span that is over, as plain data; times are milliseconds since 1970. */
export type Span = {
  name: string;
  kind: "server" | "client" | "internal";
  place: TracePlace;
  parent?: { spanId: string; remote: boolean };
  startMs: number;
  endMs: number;
  attributes: Attributes;
  failed: boolean;
};
