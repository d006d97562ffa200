import { Command } from "commander";
import type { Client } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { exitCodes, Failure } from "../failure.ts";
import { follow, type JobEvent } from "../follow.ts";
import { findJob } from "../jobs.ts";
import { printable } from "../line.ts";
import { lineOf, longLine, pointerOf } from "../long-line.ts";
import { write } from "../write.ts";
import { jsonText } from "../print.ts";

export const logsCommand = () =>
  new Command("logs")
    .description("Print what a job's agent printed: the CLI's stream-json lines, and its errors on stderr.")
    .argument("<job>", "its id, or how that begins")
    .option("-f, --follow", "go on until the job has ended")
    .option("--after <number>", "only what comes after the event of this number")
    .option("--json", "print every event of the job as a line of JSON: id, type and data")
    .addHelpText(
      "after",
      "\nExamples:\n  stromboli logs -f job-2f | jq -r 'select(.type == \"result\").result'\n  stromboli logs --json --after 17 job-2f",
    )
    .action(logs);

type Flags = { follow?: boolean; after?: string; json?: true };

const logs = (text: string, { follow: live = false, after = "0", json }: Flags): Promise<void> =>
  askDaemon(async (client) => {
    if (!/^\d{1,15}$/.test(after))
      throw new Failure(`--after ${after}: that is not the number of an event`, exitCodes.usage);
    const { id, outcome } = await findJob(client, text);
    const ended = outcome !== undefined; // then its end has to come, or it would not show that the daemon broke off
    for await (const event of follow(client, id, { after: Number(after), live: live || ended }))
      await (json ? printJson : printLine)(client, id, event);
  });

const printJson = async (client: Client, job: string, event: JobEvent): Promise<void> =>
  write(process.stdout, `${jsonText({ ...event, data: await lineOf(client, job, { event }) })}\n`);

/** As it is, unless it goes to a terminal, which it could rule. */
const printLine = async (client: Client, job: string, event: JobEvent): Promise<void> => {
  const stream = streamOf(event);
  if (!stream) return;
  const pointer = pointerOf(event);
  const line = pointer ? longLine(client, job, pointer) : [];
  const decoder = new TextDecoder();
  let last: number | undefined;
  for await (const chunk of line) {
    await write(stream, stream.isTTY ? printable(decoder.decode(chunk, { stream: true })) : chunk);
    last = chunk.at(-1);
  }
  if (last === undefined) await write(stream, stream.isTTY ? printable(event.data) : event.data);
  if (last !== lineFeed) await write(stream, "\n");
};

const streamOf = ({ type }: JobEvent): NodeJS.WriteStream | undefined => {
  if (type === "output") return process.stdout;
  return type === "stderr" ? process.stderr : undefined;
};

const lineFeed = 10;
