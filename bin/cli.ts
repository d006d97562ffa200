import { Command, CommanderError } from "commander";
import { daemonCommand } from "./commands/daemon.ts";
import { loginCommand } from "./commands/login.ts";
import { runCommand } from "./commands/run.ts";
import { setupCommand } from "./commands/setup.ts";
import { statusCommand } from "./commands/status.ts";
import { versionCommand } from "./commands/version.ts";
import { version } from "../lib/version.ts";
import { exitCodes, Failure } from "./failure.ts";

const program = new Command("stromboli")
  .description("Claude Code as a service on your own machine: every agent in a container of its own.")
  .version(version)
  .exitOverride()
  .showSuggestionAfterError()
  .addHelpText(
    "after",
    `
Examples:
  stromboli run --demo "What is it like?"      try it: free, no credentials
  stromboli login                              store an API key or OAuth token
  stromboli run -v . "Fix the failing test"    work on the current folder
  stromboli run -r "And now the docs"          go on, in a fresh container

Exit codes:
    0  success                      77  refused by policy
    1  the agent failed             78  configuration or credentials
    2  usage                       124  timed out
   69  no daemon, or no Podman     130  interrupted
   70  a bug in Stromboli          137  out of memory, or killed`,
  );
for (const command of [runCommand, daemonCommand, statusCommand, loginCommand, setupCommand, versionCommand]) {
  program.addCommand(strict(command()));
}

// Who reads us has gone, as in `… | head -1`, or the disk is full: there is nobody to tell, and hanging up cancels a run.
process.stdout.on("error", () => process.exit(exitCodes.brokenPipe));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage; // commander has said it
  else process.exitCode = report(error);
}

/** What a command line gets wrong is thrown, in subcommands too, and the exit code is ours. */
function strict(command: Command): Command {
  for (const inner of command.commands) strict(inner);
  return command.exitOverride().showSuggestionAfterError();
}

function report(error: unknown): number {
  const known = error instanceof Failure || (error instanceof Error && error.name === "StromboliError");
  console.error(known ? `stromboli: ${error.message}` : error);
  return known && "exitCode" in error && typeof error.exitCode === "number" ? error.exitCode : exitCodes.internal;
}
