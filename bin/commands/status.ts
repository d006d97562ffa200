import { styleText } from "node:util";
import { Command } from "commander";
import { jsonOf } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { printable } from "../line.ts";
import { print, printJson } from "../print.ts";

export const statusCommand = () =>
  new Command("status")
    .description("Say how the daemon and what it depends on are.")
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExample:\n  stromboli status --json | jq -r .status")
    .action(status);

const status = async ({ json }: { json?: true }): Promise<void> => {
  const health = await askDaemon(async (client) => jsonOf(await client.health.$get()));
  if (json) printJson(health);
  else {
    print(`stromboli ${health.version}: ${health.status}`);
    for (const { name, status: state, error } of health.components) {
      const mark = state === "ok" ? styleText("green", "✔") : styleText("red", "✖");
      console.log(`${mark} ${printable(`${name}${error === undefined ? "" : `: ${error}`}`)}`);
    }
    for (const { name, message, remedy } of health.warnings ?? [])
      console.log(`${styleText("yellow", "!")} ${printable(`${name}: ${message}; ${remedy}`)}`);
  }
};
