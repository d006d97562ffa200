import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { Writable } from "node:stream";
import { Command } from "commander";
import { exitCodes, Failure } from "../failure.ts";

export const loginCommand = () =>
  new Command("login")
    .description("Store an API key or an OAuth token for the daemon, readable by you alone.")
    .addHelpText(
      "after",
      `
Examples:
  stromboli login                asks for it and does not show it
  stromboli login < key.txt
  claude setup-token             makes an OAuth token of a Claude subscription`,
    )
    .action(login);

const login = async (): Promise<void> => {
  const value = (process.stdin.isTTY ? await ask() : await text(process.stdin)).trim();
  if (!/^[\x21-\x7e]{8,}$/.test(value))
    throw new Failure(
      "that is not an API key or a token: it has to be one word of at least 8 characters",
      exitCodes.usage,
    );
  const { credentialsFile, storeCredential } = await import("../../lib/credentials.ts");
  const { kind } = await storeCredential(process.env, value);
  console.error(
    `stromboli: stored ${kind === "oauth" ? "an OAuth token" : "an API key"} in ${credentialsFile(process.env)}; the daemon uses it from the next run on`,
  );
};

/** What is typed goes nowhere. */
const ask = async (): Promise<string> => {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const closed = new AbortController();
  const prompt = createInterface({ input: process.stdin, output: silent, terminal: true });
  prompt.once("close", () => closed.abort()); // Ctrl-C and Ctrl-D
  process.stderr.write("API key or OAuth token (it will not show): ");
  try {
    return await prompt.question("", { signal: closed.signal });
  } catch {
    throw new Failure("interrupted; nothing is stored", exitCodes.interrupted);
  } finally {
    prompt.close();
    process.stderr.write("\n");
  }
};
