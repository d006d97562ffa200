import ora from "ora";
import type { AgentEvent } from "../lib/agent/events.ts";
import type { RunResponse } from "../lib/schema/job.ts";
import { closing, dim, seconds } from "./closing.ts";

/** Without stdout only the status line shows: the answer goes to a file or a pipe. */
type Streams = { stdout: NodeJS.WriteStream | undefined; stderr: NodeJS.WriteStream };
export type Screen = ReturnType<typeof createScreen>;

const tickMs = 1000;
const shownInput = 60;

/** Shows a run on a terminal: the agent's words as it writes them, and a status line while it writes none. */
export const createScreen = ({ stdout, stderr }: Streams) => {
  const status = createStatus(stderr);
  const words = createWords(stdout, status);

  const show = (event: AgentEvent): void => {
    switch (event.kind) {
      case "init":
        return status.wait("thinking");
      case "delta":
        return words.delta(event.text);
      case "text":
        words.block(event.text);
        return status.wait("working");
      case "tool":
        return status.wait(`${event.name} ${gist(event.input)}`.trim());
      case "retry":
        return status.wait(`the API answered ${event.error}; try ${event.attempt} of ${event.max}`);
      case "usage":
        return status.count(event.outputTokens);
      case "result":
        return status.wait("finishing");
    }
  };

  status.wait("starting a container");
  return {
    show,
    /** The last line: how it ended, what it took, and the session to go on with. */
    end(response?: RunResponse): void {
      words.endLine();
      status.close();
      if (response) stderr.write(`${closing(response, stderr)}\n`);
    },
  };
};

/** One line on stderr with a spinner; hidden while a line of text is under way, so that they never mix. */
const createStatus = (stderr: NodeJS.WriteStream) => {
  const began = Date.now();
  const spinner = ora({ stream: stderr, discardStdin: false });
  let phase = "";
  let tokens = 0;
  const refresh = () => {
    spinner.text = dim(
      [phase, seconds(Date.now() - began), tokens > 0 && `${tokens} tokens`].filter(Boolean).join(" · "),
      stderr,
    );
  };
  const timer = setInterval(refresh, tickMs).unref();

  return {
    wait(what: string): void {
      phase = what;
      refresh();
      spinner.start();
    },
    count(outputTokens: number): void {
      tokens += outputTokens;
    },
    hide: () => void spinner.stop(),
    close(): void {
      clearInterval(timer);
      spinner.stop();
    },
  };
};

/** Writes text once: a whole block comes after its deltas, or in place of those of a stream that broke. */
const createWords = (stdout: NodeJS.WriteStream | undefined, status: { hide: () => void }) => {
  let shown = ""; // what was written of the block under way
  let atLineStart = true;
  const write = (text: string) => {
    if (!stdout || text === "") return;
    status.hide();
    stdout.write(text);
    atLineStart = text.endsWith("\n");
  };
  const endLine = () => write(atLineStart ? "" : "\n");

  return {
    endLine,
    delta(text: string): void {
      shown += text;
      write(text);
    },
    block(text: string): void {
      write(text.startsWith(shown) ? text.slice(shown.length) : `\n${text}`);
      shown = "";
      endLine();
    },
  };
};

/** The first line of what a tool is given: its command, file or pattern. */
const gist = (input: unknown): string => {
  const fields: unknown[] = typeof input === "object" && input !== null ? Object.values(input) : [];
  const [line = ""] = (fields.find((field) => typeof field === "string") ?? "").split("\n");
  return line.length > shownInput ? `${line.slice(0, shownInput)}…` : line;
};
