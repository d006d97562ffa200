import type { z } from "zod";
import type { Cancelled, JobList, JobQuery, JobResponse, Outcome, Submitted } from "../schema/job.ts";
import type { RunRequest } from "../schema/run.ts";
import { part, type Ask } from "./ask.ts";
import { ClientError, isUnreachable } from "./error.ts";
import { follow, type FollowOptions, type JobEvent } from "./follow.ts";
import { patiently, type PatienceOptions } from "./patience.ts";

/** What to run, as `POST /run` takes it. */
export type Run = z.input<typeof RunRequest>;
export type EndedJob = JobResponse & { outcome: Outcome };
export type Submission = z.output<typeof Submitted>;
export type SubmitOptions = PatienceOptions & {
  /** The same key within 24 h is the same job. By itself it is random, for tries of this call only. */
  idempotencyKey?: string;
  /** The caller's place in a trace, as W3C's Trace Context has it: the job stands below it. */
  traceparent?: string;
  tracestate?: string;
};

export type Jobs = ReturnType<typeof createJobs>;

export const createJobs = (ask: Ask) => {
  /** A job as it stands. */
  const get = (id: string, signal?: AbortSignal): Promise<JobResponse> =>
    ask.json<JobResponse>(`GET /jobs/${part(id)}`, { signal });

  /** All that happens in a job, each event once and in order, across lost connections, until it has ended. */
  const events = (id: string, options: FollowOptions = {}): AsyncGenerator<JobEvent> =>
    follow(async ({ last, live, signal }) => {
      const query = live ? {} : { follow: "false" };
      const headers = { "last-event-id": String(last) };
      const answer = await ask.open(`GET /jobs/${part(id)}/events`, { query, headers, signal });
      return answer.status === 204 ? undefined : (answer.body ?? undefined);
    }, options);

  return {
    get,
    events,

    /** Hands a run to the daemon, which makes one job of it however often it has to be sent. */
    submit: (request: Run, options: SubmitOptions = {}) => {
      const { idempotencyKey = crypto.randomUUID(), traceparent, tracestate, ...patience } = options;
      const headers = {
        "idempotency-key": idempotencyKey,
        ...(traceparent !== undefined && { traceparent }),
        ...(tracestate !== undefined && { tracestate }),
      };
      return patiently(() => ask.json<Submission>("POST /run/async", { body: request, headers }), patience);
    },

    /** The job once it has ended. */
    async wait(id: string, options: PatienceOptions = {}): Promise<EndedJob> {
      for await (const { type, data } of events(id, options))
        if (type === "done") return wholeJob({ get }, endedIn(data), options);
      throw new ClientError("connection_lost", `the events of ${id} ended before it did`);
    },

    /** Ends a job, and answers when it has ended; a job that had ended already is `job_ended`. */
    cancel: (id: string, signal?: AbortSignal) =>
      ask.json<z.output<typeof Cancelled>>(`DELETE /jobs/${part(id)}`, { signal }),

    ...createLists(ask),
  };
};

const createLists = (ask: Ask) => ({
  /** One page, newest first. */
  page: (query: z.input<typeof JobQuery> = {}, signal?: AbortSignal) =>
    ask.json<z.output<typeof JobList>>("GET /jobs", { query, signal }),

  /** All of them, newest first, a page at a time. */
  async *list(query: Omit<z.input<typeof JobQuery>, "cursor"> = {}, signal?: AbortSignal): AsyncGenerator<JobResponse> {
    let cursor: string | undefined;
    do {
      const page = await ask.json<z.output<typeof JobList>>("GET /jobs", { query: { ...query, cursor }, signal });
      yield* page.jobs;
      cursor = page.next_cursor;
    } while (cursor !== undefined);
  },

  /** What the agent or its hooks printed so far, as it is. */
  async log(id: string, stream: "stdout" | "stderr" | "hooks" = "stdout", signal?: AbortSignal): Promise<string> {
    return (await ask.open(`GET /jobs/${part(id)}/logs`, { query: { stream }, signal })).text();
  },
});

/** The job in the event that is the last one. */
export const endedIn = (data: string): EndedJob => JSON.parse(data) as EndedJob; // the daemon's own schema

/** A job with its answer, which it tells by itself where that is too long for an event. */
export const wholeJob = async (
  { get }: { get: (id: string, signal?: AbortSignal) => Promise<JobResponse> },
  job: EndedJob,
  options: PatienceOptions,
): Promise<EndedJob> =>
  job.output_truncated ? ((await patiently(() => get(job.id, options.signal), options)) as EndedJob) : job;

/** Whoever leaves a run ends it; what has ended, or is out of reach, is left as it is. */
export const leave = async (jobs: Pick<Jobs, "cancel">, id: string): Promise<void> => {
  try {
    await jobs.cancel(id);
  } catch (error) {
    const over = error instanceof ClientError && error.code === "job_ended";
    if (!over && !isUnreachable(error)) throw error;
  }
};
