import type { JobResponse, Outcome } from "../lib/schema/job.ts";
import { failureOf, jsonOf, type Client } from "./client.ts";
import { checkPresence, createPatience, lostWith, patiently, type PatienceOptions } from "./patience.ts";
import { eventsFrom } from "./sse.ts";

export type JobEvent = { id: number; type: string; data: string };
export type EndedJob = JobResponse & { outcome: Outcome };

export type FollowOptions = PatienceOptions & {
  /** Only events behind this one. */
  after?: number;
  /** false: only those that are there now. */
  live?: boolean;
  /** Told when the connection is lost, and when there is one again. */
  onConnection?: (up: boolean) => void;
};

/**
 * The events of a job, each once and in order, until it has ended. A connection that is lost is made anew and goes on
 * behind the last event that came. Throws when that has not worked for too long.
 */
export async function* follow(client: Client, job: string, options: FollowOptions = {}): AsyncGenerator<JobEvent> {
  const { live = true, after = 0, onConnection = () => {} } = options;
  const patience = createPatience(options);
  const reader = { last: after, served: patience.served };
  do {
    try {
      const body = await open(client, job, { last: reader.last, live, signal: options.signal });
      patience.answered();
      onConnection(true);
      const done = yield* read(body, reader);
      if (done || !live) return;
    } catch (error) {
      if (!patience.bears(error)) throw error;
    }
    onConnection(false);
  } while (await patience.lasts());
  throw lostWith(job);
}

/** The job once it has ended; `onEvent` sees what happens until then. */
export const endOf = async (
  client: Client,
  job: string,
  { onEvent, ...options }: FollowOptions & { onEvent?: (event: JobEvent) => void | Promise<void> } = {},
): Promise<EndedJob> => {
  for await (const event of follow(client, job, options)) {
    if (event.type === "done") return JSON.parse(event.data) as EndedJob; // the daemon's own schema
    await onEvent?.(event);
  }
  throw lostWith(job);
};

/** A job with its answer, which it tells by itself where that is too long for an event. */
export const wholeOf = async (client: Client, ended: EndedJob, options: PatienceOptions): Promise<EndedJob> => {
  if (!ended.output_truncated) return ended;
  const { signal } = options;
  const fetchJob = async () => {
    const answer = await client.jobs[":id"].$get({ param: { id: ended.id } }, signal && { init: { signal } });
    await checkPresence(answer);
    return (await jsonOf(answer)) as EndedJob; // it has ended
  };
  return patiently(fetchJob, options);
};

/** What is new of one connection, and whether that was all. */
async function* read(
  body: ReadableStream<Uint8Array> | undefined,
  reader: { last: number; served: () => void },
): AsyncGenerator<JobEvent, boolean> {
  if (!body) return true; // it has ended, and there is nothing more
  for await (const { id = "", event: type, data } of eventsFrom(body)) {
    if (!(Number(id) > reader.last)) continue;
    reader.last = Number(id);
    reader.served();
    yield { id: reader.last, type, data };
    if (type === "done") return true;
  }
  return false;
}

type Opening = { last: number; live: boolean; signal: AbortSignal | undefined };

const open = async (
  client: Client,
  id: string,
  { last, live, signal }: Opening,
): Promise<ReadableStream<Uint8Array> | undefined> => {
  const answer = await client.jobs[":id"].events.$get(
    { param: { id }, query: live ? {} : { follow: "false" }, header: { "last-event-id": String(last) } },
    signal && { init: { signal } },
  );
  if (answer.status === 204) return undefined;
  if (answer.ok && answer.body) return answer.body;
  await checkPresence(answer);
  throw await failureOf(await answer.text());
};
