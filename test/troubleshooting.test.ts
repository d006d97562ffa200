import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { errorCodes } from "../lib/errors.ts";
import { errorTable } from "../lib/error-guide.ts";

const path = join(import.meta.dirname, "../docs/troubleshooting.md");
const inTable = /(?<=<!-- errors -->\n\n)[^]*?(?=\n\n<!-- \/errors -->)/;

/** Started by itself with --write, this file writes the table anew. */
if (process.argv.includes("--write"))
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace(inTable, () => errorTable()),
  );

test("the guide has the table of all errors as they are; node test/troubleshooting.test.ts --write writes it anew", () => {
  assert.equal(inTable.exec(readFileSync(path, "utf8"))?.[0], errorTable());
});

test("for every error the guide says what it means and what to do", () => {
  const bare = errorTable()
    .split("\n")
    .filter((line) => /\|\s*\|/.test(line));
  assert.deepEqual(bare, []);
  assert.equal(errorTable().split("\n").length, errorCodes.length + 2);
});
