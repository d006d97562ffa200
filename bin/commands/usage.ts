import { Command, Option } from "commander";
import { withoutUndefined } from "../../lib/given.ts";
import type { UsageBy } from "../../lib/schema/usage.ts";
import { jsonOf } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { printJson } from "../print.ts";
import { usageTable } from "../usage-table.ts";

const groups: readonly UsageBy[] = ["day", "model", "label", "caller"];

export const usageCommand = () =>
  new Command("usage")
    .description("Add up tokens and cost of the runs that have ended. Days begin at midnight UTC.")
    .option("--since <time>", "a date, a time, or how long ago, such as 7d; all when left out")
    .option("--until <time>", "only what ended before; the same")
    .addOption(new Option("--by <group>", "what to add up for; day by default").choices(groups))
    .option("--json", "print it as JSON, with exact numbers")
    .addHelpText(
      "after",
      `
Costs are what the CLI estimates from list prices: with a subscription nobody is billed for them.

Examples:
  stromboli usage --since 7d
  stromboli usage --by label --since 2026-11-01 --until 2026-12-01
  stromboli usage --json | jq .total.estimated_cost_usd`,
    )
    .action(usage);

type Flags = { since?: string; until?: string; by?: UsageBy; json?: true };

const usage = async ({ json, ...query }: Flags): Promise<void> => {
  const report = await askDaemon(async (client) => jsonOf(await client.usage.$get({ query: withoutUndefined(query) })));
  if (json) printJson(report);
  else console.log(usageTable(report, process.stdout));
};
