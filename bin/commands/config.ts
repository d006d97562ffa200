import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { configFolder } from "../../lib/paths.ts";
import { exitCodes, Failure } from "../failure.ts";
import { print, printJson, say } from "../print.ts";
import { table } from "../table.ts";

const collect = (value: string, before: string[] = []) => [...before, value];

export const configCommand = () => {
  const config = new Command("config").description("Show, check and begin the daemon's configuration.").addHelpText(
    "after",
    `
The file is the first of --config, STROMBOLI_CONFIG, ./stromboli.yaml,
~/.config/stromboli/stromboli.yaml and /etc/stromboli/stromboli.yaml.
The daemon that "stromboli run" starts by itself leaves out ./stromboli.yaml.

Examples:
  stromboli config init
  stromboli config validate
  stromboli config show --origin`,
  );
  withSources(config.command("show"))
    .description("Print the configuration that a daemon started here would have; secrets are masked.")
    .option("--origin", "print each key with where its value comes from: default, file, environment or flag")
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExamples:\n  stromboli config show --origin\n  stromboli config show --json | jq .policy")
    .action(show);
  config
    .command("validate")
    .description("Check a configuration file and the environment; says what is wrong and where, and exits with 78.")
    .argument("[file]", "the one that a daemon started here would read when left out")
    .option("--json", "print what was found as JSON")
    .addHelpText("after", "\nExample:\n  stromboli config validate ./stromboli.yaml")
    .action(validate);
  config
    .command("init")
    .description("Write a commented stromboli.yaml into your configuration folder, and print its path.")
    .option("--json", "print the path as a JSON object")
    .addHelpText("after", "\nExample:\n  $EDITOR $(stromboli config init)")
    .action(init);
  return config;
};

const withSources = (command: Command): Command =>
  command
    .option("-c, --config <file>", "configuration file")
    .option("--set <key=value>", "one configuration key, as the daemon takes it", collect);

type ShowFlags = { origin?: true; json?: true; config?: string; set?: string[] };

const show = async ({ origin, json, config: file, set = [] }: ShowFlags): Promise<void> => {
  const loaded = await load({ file, flags: set });
  const { shownConfig } = await import("../../lib/config-shown.ts");
  const shown = shownConfig(loaded.config).map((one) => ({ ...one, origin: loaded.originOf(one.path) }));
  if (origin && json) printJson(shown.map(({ key, value, origin: from }) => ({ key, value, origin: from })));
  else if (origin) console.log(originTable(shown));
  else if (json) printJson(treeOf(shown));
  else print((await import("yaml")).stringify(treeOf(shown)).trimEnd());
};

type Shown = { key: string; path: readonly string[]; value: unknown; origin: string };

const originTable = (shown: readonly Shown[]): string =>
  table(
    [
      { title: "KEY", cells: shown.map(({ key }) => key) },
      { title: "FROM", cells: shown.map((one) => one.origin) },
      {
        title: "VALUE",
        cells: shown.map(({ value }) => (typeof value === "string" ? value || '""' : JSON.stringify(value))),
      },
    ],
    process.stdout,
  );

/** Keys have one section above them, or none. */
const treeOf = (shown: readonly Shown[]): Record<string, unknown> => {
  const tree: Record<string, unknown> = {};
  for (const {
    path: [first = "", second],
    value,
  } of shown)
    tree[first] = second === undefined ? value : { ...(tree[first] as object | undefined), [second]: value }; // a section is an object from its first key on
  return tree;
};

const validate = async (file: string | undefined, { json }: { json?: true }): Promise<void> => {
  try {
    const { file: found } = await load({ file });
    if (json) return printJson({ valid: true, file: found ?? null, issues: [] });
    print(found === undefined ? "there is no configuration file; the environment is valid" : `${found} is valid`);
  } catch (error) {
    const { StromboliError } = await import("../../lib/errors.ts");
    if (!json || !(error instanceof StromboliError)) throw error;
    printJson({ valid: false, file: await nameOf(file), issues: error.issues });
    process.exitCode = error.exitCode;
  }
};

/** Of the file that is at fault; a named one may not be there. */
const nameOf = async (file: string | undefined): Promise<string | null> => {
  const named = file ?? process.env["STROMBOLI_CONFIG"];
  if (named) return named;
  const { findFile } = await import("../../lib/config.ts");
  return findFile({ env: process.env, cwd: process.cwd() }) ?? null;
};

const load = async (sources: { file: string | undefined; flags?: readonly string[] }) => {
  const { loadConfig } = await import("../../lib/config.ts"); // zod and YAML, which no other command needs
  return loadConfig({ env: process.env, cwd: process.cwd(), ...sources });
};

const init = async ({ json }: { json?: true }): Promise<void> => {
  const { draftConfig } = await import("../../lib/config-shown.ts");
  const folder = configFolder(process.env);
  const path = join(folder, "stromboli.yaml");
  const example = readFileSync(join(import.meta.dirname, "../../stromboli.yaml"), "utf8");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, draftConfig(example), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new Failure(`there is one already, and it stays as it is: ${path}`, exitCodes.failed);
  }
  if (json) printJson({ file: path });
  else print(path);
  if (process.stderr.isTTY) say("edit it, check it with stromboli config validate, and start the daemon anew");
};
