import { Command } from "commander";
import { commands } from "../commands.ts";
import { liveCandidates } from "../completion-live.ts";
import { placeOf, type Candidate } from "../completion.ts";
import { contextOption, useContext } from "../context-option.ts";
import { fit } from "../line.ts";
import { print } from "../print.ts";

const widest = 60;

export const completeCommand = () =>
  new Command("complete")
    .description("Print what the last of some words may become, for the functions of stromboli completion.")
    .argument("[word...]", "the command line behind stromboli, up to the cursor")
    .addHelpText("after", '\nExample:\n  stromboli complete -- logs ""')
    .action(complete);

const complete = async (words: string[]): Promise<void> => {
  const program = new Command("stromboli").addOption(contextOption());
  const made = await Promise.all([...commands.values()].map(async (load) => (await load())()));
  for (const command of made) program.addCommand(command, { hidden: command.name() === "complete" });
  const at = words.lastIndexOf("--context");
  const context = at < 0 ? undefined : words[at + 1];
  if (context) useContext(context);

  const place = placeOf(program, words.at(-1) === "=" ? [...words, ""] : words);
  if ("files" in place) return print(":files");
  const all = "live" in place ? await liveCandidates(place.live, place.partial) : place.words;
  const fitting = all.filter(({ word }) => word.startsWith(place.partial));
  for (const candidate of fitting) print(lineOf(place.before, candidate));
};

/** A word and, behind a tab, what it is: a title may hold anything. */
const lineOf = (before: string, { word, says }: Candidate): string =>
  `${before}${word}\t${fit(says.replaceAll(/\s+/g, " ").trim(), widest)}`;
