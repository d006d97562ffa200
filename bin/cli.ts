import { inspect } from "node:util";
import { Command, CommanderError } from "commander";
import { version } from "../lib/version.ts";
import { commandWord, contextOption, refuseContext } from "./context-option.ts";
import { exitCodes, Failure } from "./failure.ts";
import { printable } from "./line.ts";
import { say } from "./print.ts";

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

Exit codes:
    0  success                      77  refused by policy
    1  the agent failed             78  configuration or credentials
    2  usage                       124  timed out, or stalled
   69  no daemon, or no Podman     130  interrupted
   70  a bug in Stromboli          137  out of memory or output, or killed`,
  );
const commands = new Map<string, () => Promise<() => Command>>([
  ["run", async () => (await import("./commands/run.ts")).runCommand],
  ["attach", async () => (await import("./commands/attach.ts")).attachCommand],
  ["ps", async () => (await import("./commands/ps.ts")).psCommand],
  ["logs", async () => (await import("./commands/logs.ts")).logsCommand],
  ["wait", async () => (await import("./commands/wait.ts")).waitCommand],
  ["cancel", async () => (await import("./commands/cancel.ts")).cancelCommand],
  ["inspect", async () => (await import("./commands/inspect.ts")).inspectCommand],
  ["prune", async () => (await import("./commands/prune.ts")).pruneCommand],
  ["stats", async () => (await import("./commands/stats.ts")).statsCommand],
  ["usage", async () => (await import("./commands/usage.ts")).usageCommand],
  ["webhooks", async () => (await import("./commands/webhooks.ts")).webhooksCommand],
  ["sessions", async () => (await import("./commands/sessions.ts")).sessionsCommand],
  ["secrets", async () => (await import("./commands/secrets.ts")).secretsCommand],
  ["images", async () => (await import("./commands/images.ts")).imagesCommand],
  ["token", async () => (await import("./commands/token.ts")).tokenCommand],
  ["audit", async () => (await import("./commands/audit.ts")).auditCommand],
  ["mcp", async () => (await import("./commands/mcp.ts")).mcpCommand],
  ["context", async () => (await import("./commands/context.ts")).contextCommand],
  ["daemon", async () => (await import("./commands/daemon.ts")).daemonCommand],
  ["service", async () => (await import("./commands/service.ts")).serviceCommand],
  ["status", async () => (await import("./commands/status.ts")).statusCommand],
  ["doctor", async () => (await import("./commands/doctor.ts")).doctorCommand],
  ["login", async () => (await import("./commands/login.ts")).loginCommand],
  ["setup", async () => (await import("./commands/setup.ts")).setupCommand],
  ["version", async () => (await import("./commands/version.ts")).versionCommand],
]);

// The command that was typed is enough, and the version needs none; help and corrections need them all.
const word = commandWord(process.argv.slice(2));
const typed = commands.get(word);
const all = word === "--version" || word === "-V" ? [] : [...commands.values()];
const needed = await Promise.all((typed ? [typed] : all).map((load) => load()));
strict(program).hook("preAction", refuseContext);
for (const command of needed) program.addCommand(strict(command()));

// Who reads us has gone, as in `… | head -1`, or the disk is full: whoever has something to end first hears it as a signal.
process.stdout.on("error", () => {
  if (!process.emit("SIGPIPE", "SIGPIPE")) process.exit(exitCodes.brokenPipe);
});
process.stderr.on("error", () => {}); // as when the terminal has been closed: there is nobody to tell

try {
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
