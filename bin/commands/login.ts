import { text } from "node:stream/consumers";
import { Command } from "commander";
import { exitCodes, Failure } from "../failure.ts";
import { askHidden } from "../hidden.ts";
import { say } from "../print.ts";

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
  const value = (process.stdin.isTTY ? await askHidden("API key or OAuth token") : await text(process.stdin)).trim();
  if (!/^[\x21-\x7e]{8,}$/.test(value))
    throw new Failure(
      "that is not an API key or a token: it has to be one word of at least 8 characters",
      exitCodes.usage,
    );
  const { credentialsFile, storeCredential } = await import("../../lib/credentials.ts");
  const { kind } = await storeCredential(process.env, value);
  say(
    `stored ${kind === "oauth" ? "an OAuth token" : "an API key"} in ${credentialsFile(process.env)}; the daemon uses it from the next run on`,
  );
};
