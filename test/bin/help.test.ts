import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Command } from "commander";
import { commands } from "../../bin/commands.ts";
import { exitCodeText, listExitCodes } from "../../bin/exit-codes.ts";
import { exitCodes } from "../../bin/failure.ts";
import { exitCodeOf } from "../../bin/outcome.ts";
import { errorCodes } from "../../lib/errors.ts";
import { Outcome } from "../../lib/schema/job.ts";

const made = await Promise.all([...commands.values()].map(async (load) => (await load())()));

/** Every command of the tree by what is typed. */
const walk = (command: Command, before = ""): [string, Command][] => {
  const path = `${before} ${command.name()}`.trim();
  return [[path, command], ...command.commands.flatMap((inner) => walk(inner, path))];
};
const all = made.flatMap((command) => walk(command));

const helpOf = (command: Command): string => {
  let text = "";
  command.configureOutput({ writeOut: (part) => void (text += part) }).outputHelp();
  return text;
};

/** Those that print nothing, what systemd says, or what is for another program. */
const withoutJson = new Set([
  "login", "setup", "daemon", "daemon start", "daemon stop", "daemon logs", "completion",
  "complete", "service install", "service uninstall", "service status", "service logs", "mcp",
]); // prettier-ignore

for (const [path, command] of all) {
  test(`stromboli ${path} --help says what it does and has an example of it`, () => {
    const help = helpOf(command);
    assert.match(command.description(), /^[A-Z].*\.$/);
    assert.match(help, new RegExp(`^Examples?:\\n(?:.*\\n)*.*stromboli ${path.split(" ")[0]}`, "m"));
    for (const line of help.split("\n")) assert.ok(line.length <= 100, line);
  });

  const isGroup = command.commands.length > 0 && !path.startsWith("daemon");
  if (!isGroup && !withoutJson.has(path))
    test(`stromboli ${path} prints JSON when asked to`, () => {
      assert.ok(command.options.some(({ long }) => long === "--json"));
    });

  test(`stromboli ${path} says of each option and argument what it is for`, () => {
    for (const { flags, description } of command.options) assert.ok(description, flags);
    for (const argument of command.registeredArguments) assert.ok(argument.description, argument.name());
  });
}

test("the list of exit codes has every outcome and every error once, where a command ends with it", () => {
  const list = listExitCodes();
  const codeOf = (kind: "outcomes" | "errors", name: string) =>
    list.filter((one) => one[kind].includes(name)).map(({ code }) => code);
  assert.deepEqual(
    Outcome.options.map((outcome) => codeOf("outcomes", outcome)),
    Outcome.options.map((outcome) => [exitCodeOf(outcome)]),
  );
  for (const error of errorCodes) assert.equal(codeOf("errors", error).length, 1, error);
  for (const code of Object.values(exitCodes))
    assert.ok(
      list.some((one) => one.code === code),
      String(code),
    );
});

test("the README has every exit code and no other", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, rows = ""] = readme.split(/^\| exit code .*\n\| -.*\n/m);
  const told = rows.split("\n\n")[0]?.matchAll(/^\| (\d+) /gm) ?? [];
  assert.deepEqual(
    [...told].map(([, code]) => Number(code)),
    listExitCodes().map(({ code }) => code),
  );
});

test("the list of exit codes fits a terminal", () => {
  for (const columns of [80, 200])
    for (const line of exitCodeText(columns).split("\n")) assert.ok(line.length <= columns, line);
});
