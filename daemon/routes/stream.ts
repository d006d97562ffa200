import { eventsOf } from "../../lib/agent/events.ts";
import { StromboliError } from "../../lib/errors.ts";
import type { JobEvent } from "../../lib/jobs/events.ts";
import type { Place } from "../../lib/store/job-rows.ts";
import { failureOf, toStromboliError } from "../middleware/errors.ts";
import type { ServerEvent } from "./sse.ts";

type Options = {
  /** The line at a place in the output, for one that was too long for its event. */
  lineAt: LineAt;
  raw: boolean;
  context: { path: string; requestId: string };
  ended: () => Promise<void>;
};

/** A run as its caller follows it: the lines of its output as they come, then `done` or `error`. */
export async function* runEvents(
  events: AsyncGenerator<JobEvent[]>,
  { raw, context, ended, lineAt }: Options,
): AsyncGenerator<ServerEvent[]> {
  try {
    for await (const batch of events) {
      const lines = batch.filter(({ type }) => type === "output");
      const shown = raw ? lines.map(({ data }) => ({ data })) : await textEvents(lines, lineAt);
      if (shown.length > 0) yield shown;
      const last = batch.at(-1);
      if (last?.type !== "done") continue;
      await ended(); // throws when the agent did not run
      yield [{ event: "done", data: last.data }];
      return;
    }
    await ended();
    throw new StromboliError(
      "shutting_down",
      "the daemon is stopping; the run goes on in its container and ends there",
    );
  } catch (error) {
    yield [{ event: "error", data: JSON.stringify(failureOf(toStromboliError(error), context)) }];
  }
}

type LineAt = (place: Place) => Promise<string>;

const textEvents = async (lines: readonly JobEvent[], lineAt: LineAt): Promise<ServerEvent[]> => {
  const whole = await Promise.all(lines.map(async ({ data, place }) => (place ? lineAt(place) : data)));
  return whole.flatMap((line) => textLines(line).flatMap(pieces));
};

const textLines = (line: string): string[] =>
  eventsOf(line).flatMap((event) => (event.kind === "text" ? event.text.split("\n") : []));

/** No event is larger than 1 MiB: clients have limits of their own. */
const largestEvent = 1_048_576;

/** Where to cut so that no character is cut in two. */
const cut = (text: string, at: number): number => (/[\uDC00-\uDFFF]/.test(text[at] ?? "") ? at - 1 : at);

const pieces = (text: string): ServerEvent[] => {
  const size = largestEvent / 4; // a character takes at most 4 bytes
  const count = Math.max(1, Math.ceil(text.length / size));
  return Array.from({ length: count }, (_, index) => ({
    data: text.slice(cut(text, index * size), cut(text, (index + 1) * size)),
  }));
};
