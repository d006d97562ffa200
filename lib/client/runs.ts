import { eventsOf, type AgentEvent } from "../agent/events.ts";
import { ClientError } from "./error.ts";
import type { JobEvent } from "./follow.ts";
import { endedIn, leave, wholeJob, type EndedJob, type Jobs, type Run, type SubmitOptions } from "./jobs.ts";

/** What a run does, as its watcher sees it. `begun` is the first, `done` the last. */
export type RunEvent =
  | { kind: "begun"; job: string; session: string }
  | { kind: "status"; status: string }
  | { kind: "stderr"; text: string }
  | { kind: "hook"; text: string }
  | AgentEvent
  | { kind: "done"; job: EndedJob };

/** Runs a prompt and gives what it does as it does it. Whoever leaves the loop, or aborts, cancels the run. */
export async function* streamRun(jobs: Jobs, request: Run, options: SubmitOptions = {}): AsyncGenerator<RunEvent> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { job_id: id, session_id: session } = await jobs.submit(request, options);
  let left = true;
  try {
    yield { kind: "begun", job: id, session };
    for await (const event of jobs.events(id, options)) {
      if (event.type === "done") {
        left = false;
        yield { kind: "done", job: await wholeJob(jobs, endedIn(event.data), options) };
        return;
      }
      yield* seenIn(event);
    }
    throw new ClientError("connection_lost", `the events of ${id} ended before it did`);
  } catch (error) {
    left &&= signal?.aborted ?? false; // a connection that is lost does not cancel the run
    throw error;
  } finally {
    if (left) await leave(jobs, id);
  }
}

const seenIn = ({ type, data }: JobEvent): RunEvent[] => {
  switch (type) {
    case "output":
      return eventsOf(data);
    case "status":
      return [{ kind: "status", status: (JSON.parse(data) as { status: string }).status }]; // the daemon's own
    case "stderr":
      return [{ kind: "stderr", text: data }];
    case "hook":
      return [{ kind: "hook", text: data }];
    default:
      return []; // of a newer daemon
  }
};

/** Runs a prompt to its end. An abort cancels it. */
export const run = async (jobs: Jobs, request: Run, options: SubmitOptions = {}): Promise<EndedJob> => {
  for await (const event of streamRun(jobs, request, options)) if (event.kind === "done") return event.job;
  throw new ClientError("connection_lost", "the run's events ended before it did");
};
