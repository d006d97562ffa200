import { Option, type Command } from "commander";
import { exitCodes, Failure } from "./failure.ts";

/** What every command takes, before its name or behind it. What is typed goes before what the environment says. */
export const contextOption = () =>
  new Option("--context <name>", "the daemon to talk to: see stromboli context").argParser(useContext);

export const useContext = (name: string): string => {
  delete process.env["STROMBOLI_HOST"];
  process.env["STROMBOLI_CONTEXT"] = name;
  return name;
};

/** The command among the arguments; empty when there is none. */
export const commandWord = (words: readonly string[]): string => withoutContext(words)[0] ?? "";

/** Some words from the first one on that is not the choice of a context. */
export const withoutContext = (words: readonly string[]): readonly string[] => {
  const [word = "", ...rest] = words;
  if (word === "--context") return withoutContext(rest.slice(1));
  return word.startsWith("--context=") ? withoutContext(rest) : words;
};

const local = new Set(["daemon", "login", "setup", "context", "config", "completion", "doctor", "service"]);

/** A command about this machine that is told of another one would do something else than was meant. */
export const refuseContext = (top: Command, command: Command): void => {
  const name = topName(top, command);
  if (local.has(name) && top.opts<{ context?: string }>().context !== undefined)
    throw new Failure(`stromboli ${name} is about this machine alone: it takes no --context`, exitCodes.usage);
};

const topName = (top: Command, command: Command): string =>
  command.parent === null || command.parent === top ? command.name() : topName(top, command.parent);
