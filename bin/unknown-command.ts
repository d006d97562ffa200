import { Command } from "commander";
import { withoutContext } from "./context-option.ts";

/** Refuses a word where only a command can stand, which a group would pass on to its default command. */
export const refuseUnknown = (command: Command, words: readonly string[]): void => {
  const [word = "-", ...rest] = withoutContext(words);
  if (word.startsWith("-") || command.commands.length === 0) return;
  if (word === "help") return refuseUnknown(command, rest);
  const inner = command.commands.find((one) => one.name() === word);
  if (inner) return refuseUnknown(inner, rest);
  sayUnknown(command, word);
};

/** Without a default command commander itself says so, and what the word resembles. */
const sayUnknown = (group: Command, word: string): void => {
  const bare = new Command(group.name()).copyInheritedSettings(group);
  for (const inner of group.commands) bare.addCommand(inner);
  bare.parse([word], { from: "user" });
};
