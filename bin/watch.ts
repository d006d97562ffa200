import { eventsOf } from "../lib/agent/events.ts";
import { closing, isReason } from "./closing.ts";
import type { Client } from "./client.ts";
import { endOf, wholeOf, type EndedJob, type JobEvent } from "./follow.ts";
import { lineOf } from "./long-line.ts";
import { exitCodeOf } from "./outcome.ts";
import { printJson } from "./print.ts";

export type WatchOptions = { json: boolean; signal: AbortSignal };

/** Shows a run from its beginning to its end: on a terminal as it goes, anywhere else what it came to. */
export const watch = async (client: Client, job: string, { json, signal }: WatchOptions): Promise<void> => {
  const live = !json && process.stdout.isTTY;
  const ended = await show(client, job, { live, signal });
  print(ended, { json, live });
  process.exitCode = exitCodeOf(ended.outcome);
};

type ShowOptions = { live: boolean; signal: AbortSignal };

const show = async (client: Client, job: string, { live, signal }: ShowOptions): Promise<EndedJob> => {
  const screen = await openScreen(live);
  const onEvent = async (event: JobEvent): Promise<void> => {
    if (event.type === "status") screen?.move((JSON.parse(event.data) as { status: string }).status); // the daemon's own
    if (event.type === "hook") screen?.hook(event.data);
    if (event.type !== "output") return;
    for (const seen of eventsOf(await lineOf(client, job, { event, signal }))) screen?.show(seen);
  };
  let ended: EndedJob | undefined;
  try {
    const last = await endOf(client, job, {
      signal,
      ...(screen && { onEvent, onConnection: screen.connected }),
    });
    ended = await wholeOf(client, last, { signal });
    return ended;
  } finally {
    screen?.end(ended?.output);
  }
};

const openScreen = async (live: boolean) => {
  const { isTTY } = process.stderr;
  if (!live && !isTTY) return undefined;
  const { createScreen } = await import("./screen.ts");
  return createScreen({ stdout: live ? process.stdout : undefined, stderr: isTTY ? process.stderr : undefined });
};

/** stdout is the answer alone; `live` it is there already. */
const print = (ended: EndedJob, { json, live }: { json: boolean; live: boolean }): void => {
  if (json) return printJson(ended);
  const { output } = ended;
  if (!live && hasAnswer(ended)) process.stdout.write(output.endsWith("\n") ? output : `${output}\n`);
  if (ended.outcome !== "succeeded" || process.stderr.isTTY) console.error(closing(ended, process.stderr, live));
};

/** What a run that failed put out may be nothing, or why. */
const hasAnswer = (ended: EndedJob): boolean =>
  ended.outcome === "succeeded" || (ended.output !== "" && !isReason(ended));
