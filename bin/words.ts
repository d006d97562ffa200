import { printable } from "./line.ts";

/**
 * The agent's words, each written once: a whole block comes after its deltas, and a message anew after one that broke
 * off. `before` is called before anything is written.
 */
export const createWords = (stdout: NodeJS.WriteStream | undefined, before: () => void) => {
  let shown = ""; // of the block under way
  let coming = ""; // of the same block, in the message that comes now
  let any = false;
  let atLineStart = true;

  const write = (text: string): void => {
    if (!stdout || text === "") return;
    before();
    stdout.write(printable(text));
    atLineStart = text.endsWith("\n");
    any = true;
  };
  const endLine = (): void => write(atLineStart ? "" : "\n");
  const catchUp = (text: string): void => {
    if (shown.startsWith(text)) return;
    if (text.startsWith(shown)) write(text.slice(shown.length));
    else {
      endLine();
      write(text);
    }
    shown = text;
  };

  return {
    endLine,
    /** Whether nothing has been written so far. */
    none: () => !any,
    begin(): void {
      coming = "";
    },
    delta(text: string): void {
      coming += text;
      catchUp(coming);
    },
    block(text: string): void {
      catchUp(text);
      this.endBlock();
    },
    endBlock(): void {
      shown = "";
      coming = "";
      endLine();
    },
  };
};
