import { errorCodes, exitCodeOf as exitOfError } from "../lib/errors.ts";
import { exitCodes } from "./failure.ts";
import { allOutcomes, exitCodeOf } from "./outcome.ts";

export type ExitCode = { code: number; meaning: string; outcomes: string[]; errors: string[] };

const meanings: Readonly<Record<number, string>> = {
  0: "success",
  [exitCodes.failed]: "the agent failed, or what the request names is not there",
  [exitCodes.usage]: "the command or the request is wrong",
  [exitCodes.unreachable]: "no daemon answers, Podman does not work, or it is too much at once",
  [exitCodes.internal]: "a bug in Stromboli",
  77: "refused: policy, or a token that may not",
  [exitCodes.config]: "configuration or credentials",
  [exitCodes.timedOut]: "timed out, or stalled",
  [exitCodes.interrupted]: "interrupted or cancelled",
  [exitCodes.killed]: "out of memory, too much output, or killed",
  [exitCodes.brokenPipe]: "the output cannot be written: who read it has gone, or the disk is full",
};

/** What each exit code stands for, from the tables by which commands end. */
export const listExitCodes = (): ExitCode[] =>
  Object.entries(meanings).map(([text, meaning]) => {
    const code = Number(text);
    return {
      code,
      meaning,
      outcomes: allOutcomes.filter((outcome) => exitCodeOf(outcome) === code),
      errors: errorCodes.filter((error) => exitOfError(error) === code),
    };
  });

/** The same for a person, in lines of so many columns. */
export const exitCodeText = (columns: number): string =>
  listExitCodes()
    .flatMap(({ code, meaning, outcomes, errors }) => [
      `${String(code).padStart(5)}  ${meaning}`,
      ...wrapped(`outcomes: ${outcomes.join(", ")}`, columns),
      ...wrapped(`errors: ${errors.join(", ")}`, columns),
    ])
    .join("\n");

const indent = " ".repeat(9);

/** Nothing for a list of nothing. */
const wrapped = (text: string, columns: number): string[] => {
  if (text.endsWith(": ")) return [];
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && indent.length + last.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.map((line) => indent + line);
};
