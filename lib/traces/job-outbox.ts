import { messageOf } from "../errors.ts";
import { isEnded } from "../jobs/report.ts";
import type { Log } from "../log.ts";
import type { ApiRequestStore } from "../store/api-requests.ts";
import type { JobTraceStore } from "../store/job-traces.ts";
import type { JobStore } from "../store/jobs.ts";
import { jobSpans } from "./job-spans.ts";
import type { Span } from "./span.ts";

export type OutboxDeps = {
  jobs: Pick<JobStore, "find">;
  requests: Pick<ApiRequestStore, "ofJob">;
  jobTraces: JobTraceStore;
  send: (spans: readonly Span[]) => Promise<void>;
  log: Log;
  now: () => number;
  /** How long to wait when the receiver, or the database, has failed. */
  againMs?: number;
};

const patienceMs = 24 * 60 * 60 * 1000;
const mostAtOnce = 500; // spans; more would be a message of more than half a megabyte

/**
 * Sends the spans of jobs that have ended, one job after the other, first of all what a former daemon left. Nothing waits
 * in memory: the database says what is due.
 */
export const createJobOutbox = (deps: OutboxDeps) => {
  const { jobTraces, log, now, againMs = 60_000 } = deps;
  const stopping = new AbortController();
  let underWay: Promise<void> | undefined;
  let again = false;
  let timer: NodeJS.Timeout | undefined;

  const next = (): string | undefined => (stopping.signal.aborted ? undefined : jobTraces.due());
  const sendAll = async (): Promise<void> => {
    jobTraces.giveUp(now() - patienceMs);
    for (let id = next(); id !== undefined; id = next()) {
      await sendJob(deps, id);
      jobTraces.settle(id);
    }
  };
  const start = (): void => {
    again = false;
    clearTimeout(timer);
    underWay = sendAll()
      .catch((error: unknown) => {
        if (stopping.signal.aborted) return; // the next daemon sends it
        log.debug({ error: messageOf(error) }, "spans of a job wait to be sent");
        timer = setTimeout(start, againMs).unref();
      })
      .finally(() => {
        underWay = undefined;
        if (again && !stopping.signal.aborted) start();
      });
  };

  return {
    /** Something may have fallen due. */
    wake(): void {
      if (stopping.signal.aborted) return;
      again = underWay !== undefined;
      if (!underWay) start();
    },
    /** Begins nothing more; settles when what is under way is over. */
    async stop(): Promise<void> {
      stopping.abort();
      clearTimeout(timer);
      await underWay;
    },
  };
};

const sendJob = async ({ jobs, requests, jobTraces, send }: OutboxDeps, id: string): Promise<void> => {
  const [job, trace] = [jobs.find(id), jobTraces.find(id)];
  if (!job || !isEnded(job) || !trace || trace.spanId === null) return;
  const spans = jobSpans({ job, trace: { ...trace, spanId: trace.spanId }, requests: requests.ofJob(id) });
  for (let at = 0; at < spans.length; at += mostAtOnce)
    await send(spans.slice(at, at + mostAtOnce)).catch(unlessRefused);
};

/** What a receiver takes for malformed or too large it will not take another time; the rest need not wait for it. */
const unlessRefused = (error: unknown): void => {
  if (!(error instanceof Error && "code" in error && (error.code === 400 || error.code === 413))) throw error;
};
