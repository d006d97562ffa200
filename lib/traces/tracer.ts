import { setTimeout as pause } from "node:timers/promises";
import { ROOT_CONTEXT } from "@opentelemetry/api";
import {
  BatchSpanProcessor,
  RandomIdGenerator,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";
import { createExporter, type Exporter } from "./exporter.ts";
import { placeIn } from "./incoming.ts";
import { createJobOutbox, type OutboxDeps } from "./job-outbox.ts";
import { requestSpan } from "./request-span.ts";
import type { TracePlace } from "./trace.ts";
import type { Traces } from "./traces.ts";

type Options = Parameters<typeof createExporter>[0] &
  Omit<OutboxDeps, "send"> & {
    /** Of traces that begin here, the part that is sent. */
    ratio: number;
  };

const batchAfterMs = 1000;
const mostWaiting = 2048;
const lastSpansMs = 2000;

/** Traces that are sent: spans of requests by way of a bounded queue in memory, those of jobs by way of the database. */
export const createTracer = ({ ratio, ...options }: Options): Traces & AsyncDisposable => {
  const exporter = createExporter(options);
  const processor = createProcessor(exporter);
  const outbox = createJobOutbox({ ...options, send: exporter.send });
  const root = createRoots(ratio);
  const ids = new RandomIdGenerator();
  outbox.wake(); // what a former daemon left

  return {
    begin(headers) {
      const parent = placeIn(headers);
      const place = { ...(parent ?? root()), spanId: ids.generateSpanId() };
      const began = performance.now();
      const startMs = Date.now();
      return Promise.resolve({
        job: { ...place, parentSpanId: place.spanId, spanId: ids.generateSpanId() },
        end(answered) {
          const endMs = startMs + performance.now() - began;
          const remote = parent && { spanId: parent.spanId, remote: true };
          const span = requestSpan({ place, parent: remote, startMs, endMs }, answered);
          processor.onEnd(exporter.readable(span));
        },
      });
    },
    jobEnded: () => outbox.wake(),
    async [Symbol.asyncDispose]() {
      const waited = new AbortController();
      const sent = Promise.allSettled([outbox.stop(), processor.forceFlush()]);
      await Promise.race([sent, pause(lastSpansMs, undefined, { signal: waited.signal })]);
      waited.abort();
    },
  };
};

const createProcessor = ({ outlet }: Exporter): BatchSpanProcessor =>
  new BatchSpanProcessor({ exporter: outlet, scheduledDelayMillis: batchAfterMs, maxQueueSize: mostWaiting });

/** Where a trace begins that no caller has begun. */
const createRoots = (ratio: number): (() => Omit<TracePlace, "spanId">) => {
  const sampler = new TraceIdRatioBasedSampler(ratio);
  const ids = new RandomIdGenerator();
  return () => {
    const traceId = ids.generateTraceId();
    const { decision } = sampler.shouldSample(ROOT_CONTEXT, traceId);
    return { traceId, flags: decision === SamplingDecision.RECORD_AND_SAMPLED ? 1 : 0, state: "" };
  };
};
