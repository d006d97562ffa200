import type { AgentEvent } from "../lib/agent/events.ts";

/** What a job is at before its agent begins, by its state. */
export const phases: Readonly<Record<string, string>> = {
  pending: "waiting for its turn",
  pulling: "pulling the image",
  starting: "starting a container",
};

/** The command that a line says has begun; hooks may print what they like, and that looks alike. */
export const commandOf = (line: string): string | undefined => {
  if (!line.startsWith('{"type":"stromboli_hook"')) return undefined;
  try {
    const { command, state } = JSON.parse(line) as { command?: unknown; state?: unknown };
    return state === "started" && typeof command === "string" ? gist({ command }) : undefined;
  } catch {
    return undefined;
  }
};

/** The first line of what a tool is given: its command, file or pattern. */
export const gist = (input: unknown): string => {
  const fields: unknown[] = typeof input === "object" && input !== null ? Object.values(input) : [];
  const [line = ""] = (fields.find((field) => typeof field === "string") ?? "").split("\n");
  return line;
};

export const retrying = ({ error, attempt, max }: Extract<AgentEvent, { kind: "retry" }>): string =>
  `the API failed (${error.replaceAll("_", " ")}), try ${attempt} of ${max}`;
