import { ClientError } from "./error.ts";
import { createPatience, type PatienceOptions } from "./patience.ts";
import { eventsFrom } from "./sse.ts";

export type JobEvent = { id: number; type: string; data: string };

export type FollowOptions = PatienceOptions & {
  /** Only events behind this one. */
  after?: number;
  /** false: only those that are there now. */
  live?: boolean;
  /** Told when the connection is lost, and when there is one again. */
  onConnection?: (up: boolean) => void;
};

/** Asks for the events behind the last one that is known; nothing when the job has ended and there are none. */
export type Open = (asked: Opening) => Promise<ReadableStream<Uint8Array> | undefined>;
export type Opening = { last: number; live: boolean; signal: AbortSignal | undefined };

/**
 * The events of a job, each once and in order, until it has ended. A connection that is lost is made anew and goes on
 * behind the last event that came. Throws when that has not worked for too long.
 */
export async function* follow(open: Open, options: FollowOptions = {}): AsyncGenerator<JobEvent> {
  const { live = true, after = 0, onConnection = () => {} } = options;
  const patience = createPatience(options);
  const reader = { last: after, served: patience.served };
  do {
    try {
      const body = await open({ last: reader.last, live, signal: options.signal });
      patience.answered();
      onConnection(true);
      const done = yield* read(body, reader);
      if (done || !live) return;
    } catch (error) {
      patience.bear(error);
    }
    onConnection(false);
  } while (await patience.lasts());
  throw new ClientError("connection_lost", "the connection to the daemon is lost; the run goes on without it");
}

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
