import { Command } from "commander";
import { jsonOf } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { resolveJob } from "../jobs.ts";
import { printJson } from "../print.ts";

export const inspectCommand = () =>
  new Command("inspect")
    .description("Print all that is known of a job, as JSON.")
    .argument("<job>", "its id, or how that begins")
    .option("--json", "the same: it is JSON in any case")
    .addHelpText("after", "\nExample:\n  stromboli inspect job-2f | jq .usage")
    .action(inspect);

const inspect = async (text: string): Promise<void> => {
  const job = await askDaemon(async (client) => {
    const id = await resolveJob(client, text);
    return jsonOf(await client.jobs[":id"].$get({ param: { id } }));
  });
  printJson(job);
};
