import { styleText } from "node:util";
import { Command, Option } from "commander";
import { withoutUndefined } from "../../lib/given.ts";
import type { Delivery } from "../../lib/schema/webhook.ts";
import { ageOf } from "../age.ts";
import { jsonOf, type Client } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { resolveJob } from "../jobs.ts";
import { numberFrom } from "../run-request.ts";
import { table } from "../table.ts";
import { print, printJson, say } from "../print.ts";

type Status = Delivery["status"];
const statuses: readonly Status[] = ["pending", "delivered", "failed"];

export const webhooksCommand = () => {
  const webhooks = new Command("webhooks")
    .description("List what receivers were told of jobs that have ended, and tell them again.")
    .addHelpText("after", "\nExamples:\n  stromboli webhooks\n  stromboli webhooks ls --status failed");
  webhooks
    .command("ls", { isDefault: true })
    .description("List deliveries, newest first.")
    .addOption(new Option("--status <status>", "only those of one status").choices(statuses))
    .option("--job <job>", "only those of a job: its id, or how that begins")
    .option("-n, --limit <number>", "at most so many; 50 by default")
    .option("--json", "print them as a JSON array")
    .addHelpText("after", "\nExample:\n  stromboli webhooks ls --job job-2f")
    .action(list);
  webhooks
    .command("redeliver")
    .description("Tell a receiver again, now and until it answers, for another day.")
    .argument("<id>", "id of the delivery")
    .option("--json", "print the delivery as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  stromboli webhooks ls --status failed --json | jq -r '.[].id' |\n    xargs -n 1 stromboli webhooks redeliver",
    )
    .action(redeliver);
  return webhooks;
};

type Flags = { status?: Status; job?: string; limit?: string; json?: true };

const list = async (flags: Flags): Promise<void> => {
  const { deliveries, next_cursor } = await askDaemon((client) => fetchPage(client, flags));
  if (flags.json) printJson(deliveries);
  else console.log(deliveryTable(deliveries, process.stdout));
  if (next_cursor) say("there are more; show them with: --limit 500");
};

const fetchPage = async (client: Client, { status, job, limit }: Flags) => {
  const job_id = job === undefined ? undefined : await resolveJob(client, job);
  const most = numberFrom("--limit", limit)?.toString();
  return jsonOf(await client.webhooks.deliveries.$get({ query: withoutUndefined({ status, job_id, limit: most }) }));
};

const redeliver = async (id: string, { json }: { json?: true }): Promise<void> => {
  const delivery = await askDaemon(async (client) =>
    jsonOf(await client.webhooks.deliveries[":id"].redeliver.$post({ param: { id: encodeURIComponent(id) } })),
  );
  if (json) printJson(delivery);
  else print(delivery.id);
};

const colours = { pending: "cyan", delivered: "green", failed: "red" } as const;

const deliveryTable = (deliveries: readonly Delivery[], stdout: NodeJS.WriteStream): string =>
  table(
    [
      { title: "ID", cells: deliveries.map(({ id }) => id) },
      {
        title: "STATUS",
        cells: deliveries.map(({ status }) => status),
        paint: (cell) => styleText(colours[cell as Status], cell, { stream: stdout }), // the cells are statuses
      },
      { title: "TRIES", cells: deliveries.map(({ attempts }) => String(attempts)) },
      { title: "AGE", cells: deliveries.map(({ created_at }) => ageOf(created_at)), optional: true },
      { title: "ANSWER", cells: deliveries.map(answerOf), optional: true },
      { title: "JOB", cells: deliveries.map(({ job_id }) => job_id), optional: true },
      { title: "URL", cells: deliveries.map(({ url }) => url) },
    ],
    stdout,
  );

const answerOf = ({ last_status_code, last_error }: Delivery): string =>
  last_status_code?.toString() ?? (last_error === null ? "-" : "none");
