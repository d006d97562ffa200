import { type MessagesRequest, textOf } from "./request.ts";

/** The CLI also asks the model for things of its own; a wrong answer would stop the run, so these come before the script. */
export const sideAnswer = ({ system, messages }: MessagesRequest): string | undefined => {
  const instructions = textOf(system);
  const asked = textOf(messages.findLast(({ role }) => role === "user")?.content ?? "");
  if (instructions.includes("You are a security monitor for autonomous AI coding agents")) return "<block>no</block>";
  if (instructions.includes("Generate a concise, sentence-case title"))
    return JSON.stringify({ title: "Scripted run" });
  if (asked.includes("Your task is to create a detailed summary")) return summary;
  return undefined;
};

const summary = "<analysis>Nothing to analyse.</analysis><summary>A scripted conversation.</summary>";
