import type { Argument, Command, Option } from "commander";

/** What there may be of at a place that only a daemon, or this user's files, can tell. */
export type Live = "jobs" | "open jobs" | "sessions" | "secrets" | "tokens" | "images" | "contexts";
export type Candidate = { word: string; says: string };
/** What fits a place; `before` stands before each word, as in `--session=`. */
export type Place = { partial: string; before: string } & ({ words: Candidate[] } | { live: Live } | { files: true });

/** What the last of some words may become, by the commands' own tree. Pure. */
export const placeOf = (program: Command, words: readonly string[]): Place => {
  const partial = words.at(-1) ?? "";
  const { command, given, waiting } = walk(program, words.slice(0, -1));
  if (waiting) return { partial, before: "", ...valuesOf(waiting) };
  if (partial.startsWith("-")) return flagPlace(program, command, partial);
  if (given === 0 && command.commands.length > 0) return { partial, before: "", words: commandsOf(command) };
  return { partial, before: "", ...argumentOf(command, given) };
};

const flagPlace = (program: Command, command: Command, partial: string): Place => {
  const [, flag = "", value = ""] = /^(--[^=]+)=(.*)$/s.exec(partial) ?? [];
  const option = needsValue(optionOf(program, command, flag));
  if (option) return { partial: value, before: `${flag}=`, ...valuesOf(option) };
  return { partial, before: "", words: optionsOf(program, command) };
};

type Walked = { command: Command; given: number; waiting: Option | undefined };

const walk = (program: Command, words: readonly string[]): Walked => {
  let command = program;
  let given = 0;
  let waiting: Option | undefined;
  for (const word of words) {
    if (word === "=" || (word === "help" && given === 0)) continue; // bash takes --option=value for three words
    if (waiting) waiting = undefined;
    else if (word.startsWith("-")) waiting = needsValue(optionOf(program, command, word));
    else {
      const inner = given === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (inner) command = inner;
      else given += 1;
    }
  }
  return { command, given, waiting };
};

const needsValue = (option: Option | undefined): Option | undefined => (option?.required ? option : undefined);

const optionOf = (program: Command, command: Command, flag: string): Option | undefined =>
  [...command.options, ...program.options].find(({ short, long }) => flag === short || flag === long);

const optionsOf = (program: Command, command: Command): Candidate[] => [
  ...[...new Set([...command.options, ...program.options])].flatMap(({ long, description }) =>
    long ? [{ word: long, says: description }] : [],
  ),
  { word: "--help", says: "display help for command" },
];

const commandsOf = (command: Command): Candidate[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((inner) => ({ word: inner.name(), says: inner.description() }));

type Values = { words: Candidate[] } | { live: Live } | { files: true };
const nothing: Values = { words: [] };
const wordsOf = (names: readonly string[]): Values => ({ words: names.map((word) => ({ word, says: "" })) });

const liveOptions: Readonly<Record<string, Live>> = {
  "--session": "sessions",
  "--context": "contexts",
  "--job": "jobs",
  "--image": "images",
};
const fileOptions = new Set(["--config", "--compose", "--volume"]);

const valuesOf = ({ long, argChoices }: Option): Values => {
  if (argChoices) return wordsOf(argChoices);
  const live = liveOptions[long ?? ""];
  if (live) return { live };
  return fileOptions.has(long ?? "") ? { files: true } : nothing;
};

const liveNames: Readonly<Record<string, Live>> = { secrets: "secrets", context: "contexts", token: "tokens" };

const argumentOf = (command: Command, given: number): Values => {
  const last = command.registeredArguments.at(-1);
  const argument = command.registeredArguments[given] ?? (last?.variadic ? last : undefined);
  if (!argument) return nothing;
  if (argument.argChoices) return wordsOf(argument.argChoices);
  return toBeMade.has(command.name()) ? nothing : namedArgument(command, argument);
};

/** What is named behind these is not there yet. */
const toBeMade = new Set(["add", "create", "pull"]);

const namedArgument = (command: Command, argument: Argument): Values => {
  const name = argument.name();
  if (name === "job") return { live: command.name() === "cancel" ? "open jobs" : "jobs" };
  if (name === "session") return { live: "sessions" };
  if (name === "image") return { live: "images" };
  if (name === "file") return { files: true };
  const live = liveNames[command.parent?.name() ?? ""];
  return name === "name" && live ? { live } : nothing;
};
