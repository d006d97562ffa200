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
      for (const data of raw ? [line] : textLines(line)) await sse.writeSSE({ data });
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
