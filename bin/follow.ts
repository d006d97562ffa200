import { endedIn, wholeJob, type EndedJob } from "../lib/client/jobs.ts";
import { ClientError } from "../lib/client/error.ts";
import { follow as followEvents, type FollowOptions, type JobEvent, type Opening } from "../lib/client/follow.ts";
import { checkPresence, type PatienceOptions } from "../lib/client/patience.ts";
import { failureOf, jsonOf, type Client } from "./client.ts";
import { exitCodes, Failure } from "./failure.ts";

export type { EndedJob, FollowOptions, JobEvent };

/** The events of a job, each once and in order, until it has ended: across lost connections, for as long as that works. */
export async function* follow(client: Client, job: string, options: FollowOptions = {}): AsyncGenerator<JobEvent> {
  try {
    yield* followEvents((asked) => open(client, job, asked), options);
  } catch (error) {
    throw error instanceof ClientError && error.code === "connection_lost" ? lostWith(job) : error;
  }
}

/** What is left to say when patience with a daemon has ended in the middle of a job. */
export const lostWith = (job: string): Failure =>
  new Failure(
    `the connection to the daemon is lost; the run goes on, follow it with: stromboli attach ${job}`,
    exitCodes.unreachable,
  );

/** The job once it has ended; `onEvent` sees what happens until then. */
export const endOf = async (
  client: Client,
  job: string,
  { onEvent, ...options }: FollowOptions & { onEvent?: (event: JobEvent) => void | Promise<void> } = {},
): Promise<EndedJob> => {
  for await (const event of follow(client, job, options)) {
    if (event.type === "done") return endedIn(event.data);
    await onEvent?.(event);
  }
  throw lostWith(job);
};

/** A job with its answer, which it tells by itself where that is too long for an event. */
export const wholeOf = (client: Client, ended: EndedJob, options: PatienceOptions): Promise<EndedJob> => {
  const get = async (id: string, signal?: AbortSignal) => {
    const answer = await client.jobs[":id"].$get({ param: { id } }, signal && { init: { signal } });
    await checkPresence(answer);
    return jsonOf(answer);
  };
  return wholeJob({ get }, ended, options);
};

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
