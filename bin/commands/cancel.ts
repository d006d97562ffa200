import { Command } from "commander";
import type { Client } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { exitCodes, Failure } from "../failure.ts";
import { resolveJob } from "../jobs.ts";
import { cancel } from "../submit.ts";
import { print, say } from "../print.ts";

export const cancelCommand = () =>
  new Command("cancel")
    .description("Cancel jobs, be they running or waiting, and print the id of each that has ended by it.")
    .argument("<job...>", "their ids, or how these begin")
    .addHelpText("after", "\nExample:\n  stromboli ps -q --label batch=7 | xargs stromboli cancel")
    .action(cancelAll);

const cancelAll = (texts: string[]): Promise<void> =>
  askDaemon(async (client) => {
    await Promise.all(texts.map((text) => cancelOne(client, text))); // an agent may take its time to end
  });

const cancelOne = async (client: Client, text: string): Promise<void> => {
  try {
    const id = await resolveJob(client, text);
    if (!(await cancel(client, id))) throw new Failure(`job ${id} has ended already`, exitCodes.failed);
    print(id);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message); // the others are cancelled nevertheless
    process.exitCode = exitCodes.failed;
  }
};
