import type { AgentEvent } from "../lib/agent/events.ts";
import { commandOf, gist, phases, retrying } from "./phase.ts";
import { createStatusLine } from "./status-line.ts";
import { createWords } from "./words.ts";

/** Without stdout only the status line shows: the answer goes to a file or a pipe. Without stderr only the words. */
type Streams = { stdout: NodeJS.WriteStream | undefined; stderr: NodeJS.WriteStream | undefined };

/** Shows a run on a terminal: the agent's words as it writes them, and a status line while it writes none. */
export const createScreen = ({ stdout, stderr }: Streams) => {
  const status = createStatusLine(stderr);
  const words = createWords(stdout, status.hide);
  const wait = (what: string): void => {
    words.endLine();
    status.wait(what);
  };

  const show = (event: AgentEvent): void => {
    switch (event.kind) {
      case "init":
        return wait("thinking");
      case "begin":
        words.begin();
        return wait("thinking");
      case "delta":
        return words.delta(event.text);
      case "text":
        words.block(event.text);
        return wait("working");
      case "tool":
        words.endBlock();
        return wait(`${event.name} ${gist(event.input)}`.trim());
      case "retry":
        return wait(retrying(event));
      case "usage":
        return status.count(event.outputTokens);
      case "result":
        return wait("finishing");
    }
  };

  let command = "";
  wait("waiting for its turn");
  return {
    show,
    /** A move of the job, before its agent says anything. */
    move(state: string): void {
      const phase = phases[state];
      if (phase) wait(phase);
    },
    /** What a hook prints, or that one begins. */
    hook(line: string): void {
      const begun = commandOf(line);
      if (begun !== undefined) command = begun;
      if (command !== "") wait(`${command}${begun !== undefined || line.trim() === "" ? "" : `: ${line}`}`);
    },
    connected: status.connected,
    /** Leaves the answer alone on the screen; one that came without words on the way comes now. */
    end(answer?: string): void {
      if (answer !== undefined && words.none()) words.block(answer);
      words.endLine();
      status.close();
    },
  };
};
