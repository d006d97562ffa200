import { Command } from "commander";
import { withoutUndefined } from "../../lib/given.ts";
import type { Scope, Token } from "../../lib/schema/auth.ts";
import { ageOf } from "../age.ts";
import { jsonOf } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { localTime } from "../local-time.ts";
import { table } from "../table.ts";
import { print, printJson } from "../print.ts";
import { printNames } from "../print-names.ts";

const collect = (value: string, before: string[] = []) => [...before, value];

export const tokenCommand = () => {
  const token = new Command("token")
    .description("Make, list and revoke API tokens: with one the daemon can be used over the network.")
    .addHelpText(
      "after",
      `
Examples:
  stromboli token create --name ci --scope run,read
  stromboli token revoke ci`,
    );
  token
    .command("create")
    .description("Make a token and print it. It is shown this once; what is made with it belongs to its name.")
    .requiredOption("--name <name>", "whose token it is, such as ci")
    .requiredOption("--scope <scopes>", "what it may do, with commas: read, run, secrets, images, admin")
    .option("--secret <pattern>", "secrets that its runs may use beside its own, such as 'ci-*'", collect)
    .option("--expires <duration>", "how long it is good, such as 24d; for ever when left out")
    .option("--json", "print it with all that is known of it as JSON")
    .addHelpText(
      "after",
      `
Examples:
  stromboli token create --name ci --scope run,read --secret 'ci-*' > ci.token
  STROMBOLI_HOST=https://box.example STROMBOLI_TOKEN=$(cat ci.token) stromboli run "Hello"`,
    )
    .action(create);
  token
    .command("ls", { isDefault: true })
    .description("List the tokens that are good.")
    .option("--json", "print them as a JSON array")
    .addHelpText("after", "\nExample:\n  stromboli token ls")
    .action(list);
  token
    .command("revoke")
    .description("End tokens, and all access tokens that they were used for; print the name of each.")
    .argument("<name...>", "names of tokens")
    .option("--json", "print the names as a JSON array")
    .addHelpText("after", "\nExample:\n  stromboli token revoke ci")
    .action(revoke);
  return token;
};

type CreateFlags = { name: string; scope: string; secret?: string[]; expires?: string; json?: true };

const create = async ({ name, scope, secret, expires, json }: CreateFlags): Promise<void> => {
  const scopes = scope.split(",").map((word) => word.trim()) as Scope[]; // the daemon says which are none
  const body = { name, scopes, ...withoutUndefined({ secrets: secret, expires_in: expires }) };
  const made = await askDaemon(async (client) => jsonOf(await client.tokens.$post({ json: body })));
  if (json) printJson(made);
  else print(made.token);
};

const list = async ({ json }: { json?: true }): Promise<void> => {
  const { tokens } = await askDaemon(async (client) => jsonOf(await client.tokens.$get()));
  if (json) printJson(tokens);
  else console.log(tokenTable(tokens, process.stdout));
};

const revoke = (names: string[], { json }: { json?: true }): Promise<void> =>
  printNames(names, { json, act: revokeOne });

const revokeOne = async (name: string): Promise<string> => {
  const param = { name: encodeURIComponent(name) };
  return (await askDaemon(async (client) => jsonOf(await client.tokens[":name"].$delete({ param })))).name;
};

const tokenTable = (tokens: readonly Token[], stdout: NodeJS.WriteStream): string =>
  table(
    [
      { title: "NAME", cells: tokens.map(({ name }) => name) },
      { title: "SCOPES", cells: tokens.map(({ scopes }) => scopes.join(",")) },
      { title: "AGE", cells: tokens.map(({ created_at }) => ageOf(created_at)), optional: true },
      {
        title: "EXPIRES",
        cells: tokens.map(({ expires_at }) => (expires_at ? localTime(expires_at).slice(0, 10) : "never")),
        optional: true,
      },
      { title: "SECRETS", cells: tokens.map(({ secrets }) => secrets.join(",") || "-"), optional: true },
    ],
    stdout,
  );
