import ora from "ora";
import type { AgentEvent } from "../lib/agent/events.ts";
import type { RunResponse } from "../lib/schema/job.ts";
import { closing, dim, seconds } from "./closing.ts";

type Streams = { stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream };
export type Screen = ReturnType<typeof createScreen>;

const tickMs = 1000;
const shownInput = 60;

/**
 * Shows a run on a terminal: the agent's words on stdout as it writes them, and on stderr a status line that is there
 * only while no line of text is under way.
 */
export const createScreen = ({ stdout, stderr }: Streams) => {
  const began = Date.now();
  const spinner = ora({ stream: stderr, discardStdin: false });
  let phase = "starting a container";
  let tokens = 0;
  let shown = ""; // what was written of the text block under way
  let atLineStart = true;

  const status = () => {
    spinner.text = dim(
      [phase, seconds(Date.now() - began), tokens > 0 && `${tokens} tokens`].filter(Boolean).join(" · "),
      stderr,
    );
  };
  const wait = (what: string) => {
    phase = what;
    status();
    if (atLineStart && stderr.isTTY) spinner.start();
  };
  const write = (text: string) => {
    if (text === "") return;
    spinner.stop();
    stdout.write(text);
    atLineStart = text.endsWith("\n");
  };
  const endLine = () => write(atLineStart ? "" : "\n");
  const timer = setInterval(status, tickMs).unref();

  /** A whole block comes after its deltas, or in place of those of a stream that broke: nothing is shown twice. */
  const writeBlock = (text: string) => {
    if (text.startsWith(shown)) write(text.slice(shown.length));
    else write(`\n${text}`);
    shown = "";
    endLine();
    wait("working");
  };

  const tell: { [Kind in AgentEvent["kind"]]: (event: Extract<AgentEvent, { kind: Kind }>) => void } = {
    init: () => wait("thinking"),
    delta: ({ text }) => {
      shown += text;
      write(text);
    },
    text: ({ text }) => writeBlock(text),
    tool: ({ name, input }) => wait(`${name} ${gist(input)}`.trim()),
    retry: ({ attempt, max, error }) => wait(`the API answered ${error}; try ${attempt} of ${max}`),
    usage: ({ outputTokens }) => {
      tokens += outputTokens;
    },
    result: () => wait("finishing"),
  };

  wait(phase);
  return {
    show: <Kind extends AgentEvent["kind"]>(event: Extract<AgentEvent, { kind: Kind }>): void =>
      tell[event.kind as Kind](event),
    /** The last line: how it ended, what it took, and the session to go on with. */
    end(response?: RunResponse): void {
      clearInterval(timer);
      endLine();
      spinner.stop();
      if (response) stderr.write(`${closing(response, stderr)}\n`);
    },
  };
};

/** The first line of what a tool is given: its command, file or pattern. */
const gist = (input: unknown): string => {
  const value =
    typeof input === "object" && input !== null
      ? Object.values(input).find((field) => typeof field === "string")
      : input;
  const [line = ""] = String(value ?? "").split("\n");
  return line.length > shownInput ? `${line.slice(0, shownInput)}…` : line;
};
