import { styleText } from "node:util";
import { Command, Option } from "commander";
import { withoutUndefined } from "../../lib/given.ts";
import type { AuditEntry } from "../../lib/schema/audit.ts";
import { jsonOf } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { exitCodes, Failure } from "../failure.ts";
import { localTime } from "../local-time.ts";
import { numberFrom } from "../run-request.ts";
import { table } from "../table.ts";
import { print, printJson } from "../print.ts";

type Decision = AuditEntry["decision"];

export const auditCommand = () => {
  const audit = new Command("audit")
    .description("Show who did what, and what was refused; check that nobody has changed the record.")
    .addHelpText("after", "\nExamples:\n  stromboli audit ls --decision refused\n  stromboli audit verify");
  audit
    .command("ls", { isDefault: true })
    .description("List entries, newest first.")
    .option("--caller <name>", "only what this caller did")
    .addOption(new Option("--decision <decision>", "only those of one kind").choices(["allowed", "refused"]))
    .option("-n, --limit <number>", "at most so many; 50 by default")
    .option("--json", "print them as a JSON array")
    .addHelpText("after", "\nExample:\n  stromboli audit ls --caller ci -n 10")
    .action(list);
  audit
    .command("verify")
    .description("Check the chain of hashes; prints how many entries fit and the last hash. Keep it elsewhere.")
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExample:\n  stromboli audit verify")
    .action(verify);
  return audit;
};

type Flags = { caller?: string; decision?: Decision; limit?: string; json?: true };

const list = async ({ caller, decision, limit, json }: Flags): Promise<void> => {
  const most = numberFrom("--limit", limit)?.toString();
  const query = withoutUndefined({ caller, decision, limit: most });
  const { entries } = await askDaemon(async (client) => jsonOf(await client.audit.$get({ query })));
  if (json) printJson(entries);
  else console.log(auditTable(entries, process.stdout));
};

const verify = async ({ json }: { json?: true }): Promise<void> => {
  const verdict = await askDaemon(async (client) => jsonOf(await client.audit.verify.$get()));
  const { ok, entries, head, broken_at } = verdict;
  if (json) printJson(verdict);
  if (!ok)
    throw new Failure(`entry ${broken_at} does not fit the one before it: the record was changed`, exitCodes.failed);
  if (!json) print(`${entries} ${head}`);
};

const auditTable = (entries: readonly AuditEntry[], stdout: NodeJS.WriteStream): string =>
  table(
    [
      { title: "TIME", cells: entries.map(({ at }) => localTime(at)) },
      { title: "CALLER", cells: entries.map(({ caller }) => caller) },
      {
        title: "DECISION",
        cells: entries.map(({ decision }) => decision),
        paint: (cell) => (cell === "refused" ? styleText("red", cell, { stream: stdout }) : cell),
      },
      { title: "CODE", cells: entries.map(({ code }) => code ?? "-") },
      { title: "FROM", cells: entries.map(({ source }) => source), optional: true },
      { title: "TARGET", cells: entries.map(({ target }) => target ?? "-"), optional: true },
      { title: "ACTION", cells: entries.map(({ action }) => action) },
    ],
    stdout,
  );
