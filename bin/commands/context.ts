import { text } from "node:stream/consumers";
import { styleText } from "node:util";
import { Command } from "commander";
import { withoutUndefined } from "../../lib/given.ts";
import { defaultSocket } from "../../lib/paths.ts";
import { contextNamed, ownContext, readContexts, writeContexts, type Context } from "../contexts.ts";
import { exitCodes, Failure } from "../failure.ts";
import { askHidden } from "../hidden.ts";
import { print, printJson, say } from "../print.ts";
import { printNames } from "../print-names.ts";
import { table } from "../table.ts";
import { targetOf } from "../target.ts";

export const contextCommand = () => {
  const context = new Command("context")
    .description("Give daemons on other machines names, and choose which one the commands talk to.")
    .addHelpText(
      "after",
      `
STROMBOLI_HOST goes before the one in use, and --context before both.
"${ownContext}" is this machine's own daemon.

Examples:
  stromboli context add box https://box.example --token --use < ci.token
  stromboli --context box ps
  stromboli context use ${ownContext}`,
    );
  context
    .command("add")
    .description("Add a context, and print its name.")
    .argument("<name>", "letters, digits, ., _ and -")
    .argument("<host>", "unix:///path or http(s)://host:port")
    .option("--token", "ask for an API token for it, or read it from standard input")
    .option("--insecure", "let the token cross the network in clear text, over http://")
    .option("--use", "use it from now on")
    .option("--json", "print its name as a JSON object")
    .addHelpText(
      "after",
      `
Examples:
  stromboli context add box https://box.example --token
  stromboli context add lab unix:///run/stromboli/api.sock --use`,
    )
    .action(add);
  context
    .command("use")
    .description("Have all commands talk to this one from now on.")
    .argument("<name>", `a context, or ${ownContext}`)
    .option("--json", "print its name as a JSON object")
    .addHelpText("after", "\nExample:\n  stromboli context use box")
    .action(use);
  context
    .command("ls", { isDefault: true })
    .description("List contexts, and which one is in use; tokens are never shown.")
    .option("--json", "print them as a JSON array")
    .addHelpText("after", "\nExample:\n  stromboli context ls")
    .action(list);
  context
    .command("rm")
    .description("Remove contexts with their tokens, and print the name of each.")
    .argument("<name...>", "names of contexts")
    .option("--json", "print the names as a JSON array")
    .addHelpText("after", "\nExample:\n  stromboli context rm box")
    .action(remove);
  return context;
};

type AddFlags = { token?: true; insecure?: true; use?: true; json?: true };

const add = async (name: string, host: string, flags: AddFlags): Promise<void> => {
  const { token: wantsToken, insecure, use: uses, json } = flags;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name) || name === ownContext)
    throw new Failure(
      `a context cannot be called ${name || '""'}: 1 to 64 letters, digits, ., _ and -, and not ${ownContext}`,
      exitCodes.usage,
    );
  if (Object.hasOwn(readContexts(process.env).contexts, name))
    throw new Failure(
      `there is a context ${name}; remove it first with: stromboli context rm ${name}`,
      exitCodes.failed,
    );
  const draft: Context = { host, ...withoutUndefined({ insecure }) };
  targetOf(name, wantsToken ? { ...draft, token: "-" } : draft); // before anybody types a token in vain
  const context = wantsToken ? { ...draft, token: await readToken(name) } : draft;
  const { current, contexts } = readContexts(process.env);
  writeContexts(process.env, { current: uses ? name : current, contexts: { ...contexts, [name]: context } });
  if (json) printJson({ name });
  else print(name);
};

const readToken = async (name: string): Promise<string> => {
  const given = process.stdin.isTTY ? await askHidden(`API token for ${name}`) : await text(process.stdin);
  const token = given.trim();
  if (/^[\x21-\x7e]{1,4096}$/.test(token)) return token;
  throw new Failure("that is not an API token: it has to be one word; nothing is stored", exitCodes.usage);
};

const use = (name: string, { json }: { json?: true }): void => {
  const { contexts } = readContexts(process.env);
  if (name !== ownContext) contextNamed(contexts, name);
  writeContexts(process.env, { current: name, contexts });
  if (json) printJson({ name });
  say(name === ownContext ? "commands talk to this machine's own daemon now" : `commands talk to ${name} now`);
  warnOfVariables();
};

const list = ({ json }: { json?: true }): void => {
  const { current, contexts } = readContexts(process.env);
  const own: [string, Context] = [ownContext, { host: `unix://${ownSocket()}` }];
  const rows = [own, ...Object.entries(contexts)].map(([name, { host, token }]) => ({
    name,
    host,
    has_token: token !== undefined,
    current: name === current,
  }));
  if (json) return printJson(rows);
  console.log(
    table(
      [
        {
          title: "NAME",
          cells: rows.map((row) => `${row.name}${row.current ? " *" : ""}`),
          paint: (cell) => (cell.endsWith("*") ? styleText("green", cell, { stream: process.stdout }) : cell),
        },
        { title: "TOKEN", cells: rows.map((row) => (row.has_token ? "yes" : "-")), optional: true },
        { title: "HOST", cells: rows.map(({ host }) => host) },
      ],
      process.stdout,
    ),
  );
  warnOfVariables();
};

const ownSocket = (): string => process.env["STROMBOLI_SERVER_SOCKET"] || defaultSocket(process.env);

/** Whoever wonders why a choice changes nothing is told. */
const warnOfVariables = (): void => {
  const variable = ["STROMBOLI_HOST", "STROMBOLI_CONTEXT"].find((name) => process.env[name]);
  if (variable) say(`${variable} is set here, and goes before the context in use`);
};

const remove = (names: string[], { json }: { json?: true }): Promise<void> =>
  printNames(names, { json, act: removeOne });

const removeOne = (name: string): string => {
  const { current, contexts } = readContexts(process.env);
  contextNamed(contexts, name);
  const { [name]: _, ...others } = contexts;
  writeContexts(process.env, { current: current === name ? ownContext : current, contexts: others });
  if (current === name) say(`${name} was in use; commands talk to this machine's own daemon again`);
  return name;
};
