import { Command } from "commander";
import { exitCodeText, listExitCodes } from "../exit-codes.ts";
import { print, printJson } from "../print.ts";

const widest = 100;

const text = (): string => exitCodeText(Math.min(process.stdout.columns || widest, widest));

export const exitCodesCommand = () =>
  new Command("exit-codes")
    .description("Say what each exit code stands for: how a run came out, and what the daemon refused.")
    .option("--json", "print them as a JSON array")
    .addHelpText(
      "after",
      () => `\n${text()}\n\nExample:\n  stromboli exit-codes --json | jq '.[] | select(.code == 69).errors'`,
    )
    .action(({ json }: { json?: true }) => (json ? printJson(listExitCodes()) : print(text())));
