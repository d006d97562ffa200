import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { exitCodes, Failure } from "./failure.ts";
import { printable } from "./line.ts";

/** Asks at the terminal for one line that does not show: what is typed goes nowhere else. */
export const askHidden = async (question: string): Promise<string> => {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const closed = new AbortController();
  const prompt = createInterface({ input: process.stdin, output: silent, terminal: true });
  prompt.once("close", () => closed.abort()); // Ctrl-C and Ctrl-D
  process.stderr.write(`${printable(question)} (it will not show): `);
  try {
    return await prompt.question("", { signal: closed.signal });
  } catch {
    throw new Failure("interrupted; nothing is stored", exitCodes.interrupted);
  } finally {
    prompt.close();
    process.stderr.write("\n");
  }
};
