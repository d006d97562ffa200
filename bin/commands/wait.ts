import { Command } from "commander";
import type { Outcome } from "../../lib/schema/job.ts";
import type { Client } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { endOf } from "../follow.ts";
import { findJob } from "../jobs.ts";
import { exitCodeOf } from "../outcome.ts";
import { print, printJson } from "../print.ts";

export const waitCommand = () =>
  new Command("wait")
    .description("Wait until jobs have ended, and print the id and outcome of each; exits as the last that failed.")
    .argument("<job...>", "their ids, or how these begin")
    .option("--json", "print them as a JSON array, once all have ended")
    .addHelpText("after", '\nExample:\n  stromboli wait job-2f && stromboli run -r "And now the docs"')
    .action(waitForAll);

const waitForAll = (texts: string[], { json }: { json?: true }): Promise<void> =>
  askDaemon(async (client) => {
    const jobs = await Promise.all(texts.map((text) => findJob(client, text)));
    const ended: { id: string; outcome: Outcome }[] = [];
    for (const { id, outcome } of jobs) {
      const ending = outcome ?? (await outcomeOf(client, id));
      ended.push({ id, outcome: ending });
      if (!json) print(`${id} ${ending}`);
      process.exitCode = exitCodeOf(ending) || (process.exitCode ?? 0);
    }
    if (json) printJson(ended);
  });

const outcomeOf = async (client: Client, id: string): Promise<Outcome> => (await endOf(client, id)).outcome;
