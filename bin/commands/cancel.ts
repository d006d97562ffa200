import { Command } from "commander";
import type { Client } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { exitCodes, Failure } from "../failure.ts";
import { resolveJob } from "../jobs.ts";
import { cancel } from "../submit.ts";
import { print, printJson, say } from "../print.ts";

export const cancelCommand = () =>
  new Command("cancel")
    .description("Cancel jobs, be they running or waiting, and print the id of each that has ended by it.")
    .argument("<job...>", "their ids, or how these begin")
    .option("--json", "print the ids as a JSON array")
    .addHelpText("after", "\nExample:\n  stromboli ps -q --label batch=7 | xargs stromboli cancel")
    .action(cancelAll);

type Flags = { json?: true };

const cancelAll = (texts: string[], { json }: Flags): Promise<void> =>
  askDaemon(async (client) => {
    const one = async (text: string): Promise<string[]> => {
      const id = await cancelOne(client, text);
      if (id !== undefined && !json) print(id);
      return id === undefined ? [] : [id];
    };
    const ended = await Promise.all(texts.map(one)); // at once: an agent may take its time to end
    if (json) printJson(ended.flat());
  });

const cancelOne = async (client: Client, text: string): Promise<string | undefined> => {
  try {
    const id = await resolveJob(client, text);
    if (!(await cancel(client, id))) throw new Failure(`job ${id} has ended already`, exitCodes.failed);
    return id;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message); // the others are cancelled nevertheless
    process.exitCode = exitCodes.failed;
    return undefined;
  }
};
