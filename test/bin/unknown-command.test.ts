import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { execa } from "execa";

const launcher = join(import.meta.dirname, "../../bin/stromboli");

const wrong: [line: string, word: string, meant: string | undefined][] = [
  ["rnu", "rnu", "run"],
  ["sessions shw", "shw", "show"],
  ["secrets creat x", "creat", "create"],
  ["images pul --quiet x", "pul", "pull"],
  ["--context box context ad", "ad", "add"],
  ["webhooks redelivr 1", "redelivr", "redeliver"],
  ["token creat --name ci", "creat", "create"],
  ["audit verif", "verif", "verify"],
  ["daemon strat", "strat", "start"],
  ["sessions quite-different", "quite-different", undefined],
  ["help shw", "shw", undefined],
  ["help sesions", "sesions", "sessions"],
  ["help sessions shw", "shw", "show"],
  ["sessions help shw", "shw", "show"],
];
for (const [line, word, meant] of wrong)
  test(`stromboli ${line} names the unknown command${meant ? ` and suggests ${meant}` : ""}`, async () => {
    const { exitCode, stdout, stderr } = await execa(launcher, line.split(" "), { reject: false });
    const said = `error: unknown command '${word}'${meant ? `\n(Did you mean ${meant}?)` : ""}`;
    assert.deepEqual([exitCode, stdout, stderr], [2, "", said]);
  });

test("an argument too many behind a command that was named is no unknown command", async () => {
  const { exitCode, stderr } = await execa(launcher, ["sessions", "ls", "x"], { reject: false });
  assert.equal(exitCode, 2);
  assert.match(stderr, /too many arguments for 'ls'/);
});
