import type { ToolResult } from "./conversation.ts";
import type { Block } from "./reply.ts";

// Read-only, so that Claude Code runs it in its default permission mode with nobody to ask.
const command = "id; uname -sr; pwd; ls";

/** The answer to a prompt that is no script: look around once with Bash, then say what all this was. */
export const tour = (results: readonly ToolResult[], bash: boolean): Block[] => {
  const [result] = results;
  if (!result && bash) {
    return [
      { type: "text", text: "Let me look around first." },
      { type: "tool_use", name: "Bash", input: { command, description: "Show where this runs" } },
    ];
  }
  return [{ type: "text", text: [greeting, seen(result), farewell].join("\n\n") }];
};

const greeting = [
  "Hello from Stromboli. I am not Claude: I am a small scripted model, here for the demo, and did not read your prompt.",
  "All around me is real: the real Claude Code CLI, in a real container made for this run alone.",
].join("\n");

const seen = (result: ToolResult | undefined): string => {
  if (!result) return "It has no Bash tool in this run, so there is nothing to show from inside.";
  if (result.failed) return `I asked it to run \`${command}\`, and got this instead:\n\n${indented(result.output)}`;
  return `I asked it to run \`${command}\` in there, and it printed:\n\n${indented(result.output)}`;
};

const indented = (text: string): string => text.replaceAll(/^/gm, "    ");

const farewell =
  "For real answers, connect your account with `stromboli login`, then run your prompt without `--demo`.";
