import { text } from "node:stream/consumers";
import { Command } from "commander";
import type { Secret } from "../../lib/schema/secret.ts";
import { ageOf } from "../age.ts";
import { jsonOf } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { exitCodes, Failure } from "../failure.ts";
import { askHidden } from "../hidden.ts";
import { table } from "../table.ts";
import { print, printJson } from "../print.ts";
import { printNames } from "../print-names.ts";

export const secretsCommand = () => {
  const secrets = new Command("secrets")
    .description("Store, list and remove secrets: a run sees those that it names with --secret.")
    .addHelpText("after", "\nExamples:\n  stromboli secrets create github < token.txt\n  stromboli secrets");
  secrets
    .command("ls", { isDefault: true })
    .description("List the secrets that runs may use; values are never shown.")
    .option("--json", "print them as a JSON array")
    .addHelpText("after", "\nExample:\n  stromboli secrets ls")
    .action(list);
  secrets
    .command("create")
    .description(
      "Store a secret: its value comes from standard input, or is asked for. One line feed at its end is left out.",
    )
    .argument("<name>", "letters, digits, _ and -")
    .option("--json", "print what is known of it as JSON; not the value")
    .addHelpText(
      "after",
      `
Examples:
  stromboli secrets create github            asks for the value and does not show it
  stromboli secrets create deploy-key < key.pem
  stromboli run --secret GH_TOKEN=github "Close stale issues"`,
    )
    .action(create);
  secrets
    .command("rm")
    .description("Remove secrets, and print the name of each.")
    .argument("<name...>", "names of secrets")
    .option("--json", "print the names as a JSON array")
    .addHelpText("after", "\nExample:\n  stromboli secrets rm github")
    .action(remove);
  return secrets;
};

const list = async ({ json }: { json?: true }): Promise<void> => {
  const { secrets } = await askDaemon(async (client) => jsonOf(await client.secrets.$get()));
  if (json) printJson(secrets);
  else console.log(secretTable(secrets, process.stdout));
};

const create = async (name: string, { json }: { json?: true }): Promise<void> => {
  const given = process.stdin.isTTY ? await askHidden(`Value of ${name}`) : await text(process.stdin);
  const value = given.replace(/\r?\n$/, ""); // of `echo value |`, or of an editor
  if (value === "") throw new Failure("the value is empty; nothing is stored", exitCodes.usage);
  const stored = await askDaemon(async (client) => jsonOf(await client.secrets.$post({ json: { name, value } })));
  if (json) printJson(stored);
  else print(stored.name);
};

const remove = (names: string[], { json }: { json?: true }): Promise<void> =>
  printNames(names, { json, act: removeOne });

const removeOne = async (name: string): Promise<string> => {
  const param = { name: encodeURIComponent(name) };
  return (await askDaemon(async (client) => jsonOf(await client.secrets[":name"].$delete({ param })))).name;
};

const secretTable = (secrets: readonly Secret[], stdout: NodeJS.WriteStream): string =>
  table(
    [
      { title: "NAME", cells: secrets.map(({ name }) => name) },
      { title: "AGE", cells: secrets.map(({ created_at }) => ageOf(created_at)) },
    ],
    stdout,
  );
