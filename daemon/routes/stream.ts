import type { SSEStreamingApi } from "hono/streaming";
import { eventsOf } from "../../lib/agent/events.ts";
import { follow } from "../../lib/jobs/output.ts";
import type { LiveJob } from "../../lib/jobs/runner.ts";
import { failureOf, toStromboliError } from "../middleware/errors.ts";

type Options = { raw: boolean; context: { path: string; requestId: string } };

const heartbeatMs = 15_000;

/** Follows a run: the lines of its output as they come, then `done` or `error`. */
export const sendRun = async (sse: SSEStreamingApi, job: LiveJob, { raw, context }: Options): Promise<void> => {
  const heartbeat = setInterval(() => void sse.write(": still here\n\n"), heartbeatMs);
  try {
    for await (const line of follow(job.outputPath, job.done)) {
      for (const event of raw ? [rawEvent(line)] : textLines(line).flatMap(pieces)) await sse.writeSSE(event);
    }
    await sse.writeSSE({ event: "done", data: JSON.stringify(await job.done) });
  } catch (error) {
    await sse.writeSSE({ event: "error", data: JSON.stringify(failureOf(toStromboliError(error), context)) });
  } finally {
    clearInterval(heartbeat);
  }
};

const textLines = (line: string): string[] =>
  eventsOf(line).flatMap((event) => (event.kind === "text" ? event.text.split("\n") : []));

/** No event is larger than 1 MiB: clients have limits of their own. */
const largestEvent = 1_048_576;

const rawEvent = (line: string): { data: string; event?: string } => {
  const bytes = Buffer.byteLength(line);
  return bytes <= largestEvent ? { data: line } : { event: "skipped", data: JSON.stringify({ bytes }) };
};

const pieces = (text: string): { data: string }[] => {
  const size = largestEvent / 4; // a character takes at most 4 bytes
  const count = Math.max(1, Math.ceil(text.length / size));
  return Array.from({ length: count }, (_, index) => ({ data: text.slice(index * size, (index + 1) * size) }));
};
