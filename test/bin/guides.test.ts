import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { commands } from "../../bin/commands.ts";

const root = join(import.meta.dirname, "../..");
const made = new Map(await Promise.all([...commands].map(async ([name, load]) => [name, (await load())()] as const)));

/** What is said of a command anywhere in a text: `stromboli images pull --quiet`. */
const mentions = (text: string) => Array.from(text.matchAll(/\bstromboli((?: -*[a-z][\w-]*)+)/g), ([whole]) => whole);

const unknownIn = (mention: string): string | undefined => {
  const words = mention.replace(/^stromboli( help| --context \w+)? /, "").split(" ");
  const [name = "", second = ""] = words.filter((word) => !word.startsWith("-"));
  const command = made.get(name);
  const inner = command?.commands.find((one) => one.name() === second || one.aliases().includes(second));
  if (!command) return name;
  if (command.commands.length > 0 && second !== "" && !inner) return second;
  const known = new Set(
    [command, inner].flatMap((one) => one?.options ?? []).flatMap(({ short, long }) => [short, long]),
  );
  return words.find((word) => word.startsWith("-") && !known.has(word));
};

const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };

for (const guide of ["README.md", "CONTRIBUTING.md", ...globSync("{docs,examples}/**/*.md", { cwd: root })])
  test(`the commands, options and npm scripts that ${guide} names are there`, () => {
    const text = readFileSync(join(root, guide), "utf8");
    for (const mention of mentions(text)) assert.equal(unknownIn(mention), undefined, mention);
    for (const [, script = ""] of text.matchAll(/\bnpm run (\w+)/g)) assert.ok(script in scripts, script);
  });
