import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { ExportResultCode, hrTimeDuration, millisToHrTime, TraceState, type ExportResult } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { detectResources, envDetector, resourceFromAttributes, type Resource } from "@opentelemetry/resources";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from "@opentelemetry/semantic-conventions";
import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Span } from "./span.ts";

type Options = {
  /** Where spans are posted; without it, where OpenTelemetry's own variables say. */
  url: string | undefined;
  version: string;
  log: Log;
};
export type Exporter = ReturnType<typeof createExporter>;

const timeoutMs = 5000;

/** Sends spans to the receiver. That it cannot be reached is logged once, until it can be again. */
export const createExporter = ({ url, version, log }: Options) => {
  const inner = new OTLPTraceExporter({ timeoutMillis: timeoutMs, ...(url !== undefined && { url }) });
  const resource = resourceOf(version);
  let failing = false;

  const note = ({ error }: ExportResult): void => {
    if (error && !failing)
      log.warn({ error: messageOf(error) }, "traces cannot be sent, and runs go on without; look at traces.endpoint");
    if (!error && failing) log.info({}, "traces are sent again");
    failing = error !== undefined;
  };
  const outlet: SpanExporter = {
    export: (spans, done) =>
      inner.export(spans, (result) => {
        note(result);
        done(result);
      }),
    shutdown: () => inner.shutdown(),
  };

  return {
    /** For spans that wait in memory and may be lost. */
    outlet,
    readable: (span: Span): ReadableSpan => toReadable(span, { resource, version }),
    /** Rejects when they could not be sent. */
    send: (spans: readonly Span[]): Promise<void> =>
      new Promise((resolve, reject) => {
        const readable = spans.map((span) => toReadable(span, { resource, version }));
        outlet.export(readable, ({ code, error }) =>
          code === ExportResultCode.SUCCESS ? resolve() : reject(error ?? new Error("the spans could not be sent")),
        );
      }),
  };
};

/** What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say comes first. */
const resourceOf = (version: string): Resource =>
  resourceFromAttributes({ [ATTR_SERVICE_NAME]: "stromboli", [ATTR_SERVICE_VERSION]: version }).merge(
    detectResources({ detectors: [envDetector] }),
  );

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL };

const toReadable = (
  { name, kind, place, parent, startMs, endMs, attributes, failed }: Span,
  { resource, version }: { resource: Resource; version: string },
): ReadableSpan => {
  const { traceId, spanId, flags, state } = place;
  const context = { traceId, traceFlags: flags, ...(state !== "" && { traceState: new TraceState(state) }) };
  const [startTime, endTime] = [millisToHrTime(startMs), millisToHrTime(endMs)];
  return {
    name,
    kind: kinds[kind],
    spanContext: () => ({ ...context, spanId }),
    ...(parent && { parentSpanContext: { ...context, spanId: parent.spanId, isRemote: parent.remote } }),
    startTime,
    endTime,
    duration: hrTimeDuration(startTime, endTime),
    status: { code: failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: "stromboli", version },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
};
