import { inspect } from "node:util";
import { Command, CommanderError } from "commander";
import { version } from "../lib/version.ts";
import { commands } from "./commands.ts";
import { commandWord, contextOption, refuseContext } from "./context-option.ts";
import { exitCodes, Failure } from "./failure.ts";
import { printable } from "./line.ts";
import { say } from "./print.ts";
import { refuseUnknown } from "./unknown-command.ts";

const program = new Command("stromboli")
  .description("Claude Code as a service on your own machine: every agent in a container of its own.")
  .version(version)
  .addOption(contextOption())
  .addHelpText(
    "after",
    `
Examples:
  stromboli run --demo "What is it like?"      try it: free, no credentials
  stromboli login                              store an API key or OAuth token
  stromboli run -v . "Fix the failing test"    work on the current folder
  stromboli run -r "And now the docs"          go on, in a fresh container
  stromboli run -d -v . "Update the docs"      in the background; prints its id
  stromboli ps                                 what runs and waits

What exit codes mean: stromboli help exit-codes`,
  );
// The command that was typed is enough, and the version needs none; help and corrections need them all.
const word = commandWord(process.argv.slice(2));
const typed = commands.get(word);
const all = word === "--version" || word === "-V" ? [] : [...commands.values()];
const needed = await Promise.all((typed ? [typed] : all).map((load) => load()));
strict(program).hook("preAction", refuseContext);
for (const command of needed) {
  const made = strict(command());
  program.addCommand(made, { hidden: made.name() === "complete" }); // shells type it, nobody else
}

// Who reads us has gone, as in `… | head -1`, or the disk is full: whoever has something to end first hears it as a signal.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") say(`the output cannot be written: ${error.message}`);
  if (!process.emit("SIGPIPE", "SIGPIPE")) process.exit(exitCodes.brokenPipe);
});
process.stderr.on("error", () => {}); // as when the terminal has been closed: there is nobody to tell

try {
  refuseUnknown(program, process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage; // commander has said it
  else process.exitCode = report(error);
}

/** What a command line gets wrong is thrown, in subcommands too, and the exit code is ours. It is quoted, made harmless. */
function strict(command: Command): Command {
  for (const inner of command.commands) strict(inner);
  command.configureOutput({ writeErr: (text) => process.stderr.write(printable(text)) });
  return command.exitOverride().showSuggestionAfterError();
}

function report(error: unknown): number {
  const known = error instanceof Failure || (error instanceof Error && error.name === "StromboliError");
  if (known) say(error.message);
  else console.error(printable(inspect(error)));
  return known && "exitCode" in error && typeof error.exitCode === "number" ? error.exitCode : exitCodes.internal;
}
