import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isMap, isPair, parseDocument, visit } from "yaml";
import { configKeys } from "../lib/config.ts";
import { Config } from "../lib/schema/config.ts";
import { configOf } from "./harness.ts";

const read = () => readFileSync(join(import.meta.dirname, "../stromboli.yaml"), "utf8");

/** The keys that hold a value, as paths, with the line each stands on. */
const leavesOf = (text: string) => {
  const leaves: { key: string; line: number }[] = [];
  visit(parseDocument(text), {
    Pair(_, pair, path) {
      if (isMap(pair.value)) return;
      const names = [...path.filter(isPair), pair].map(({ key }) => String(key));
      const at = (pair.key as { range: [number, number, number] }).range[0]; // parsed nodes have a range
      leaves.push({ key: names.join("."), line: text.slice(0, at).split("\n").length - 1 });
    },
  });
  return leaves;
};

const isComment = (line = "") => /^\s*#|\s#/.test(line);

test("stromboli.yaml has every key of the schema and no other", () => {
  const keys = leavesOf(read()).map(({ key }) => key);
  assert.deepEqual(
    keys.toSorted(),
    configKeys()
      .map((key) => key.join("."))
      .toSorted(),
  );
});

test("stromboli.yaml says the defaults of the schema", () => {
  assert.deepEqual(Config.parse(parseDocument(read()).toJS()), configOf());
});

test("every key in stromboli.yaml has a comment", () => {
  const text = read();
  const lines = text.split("\n");
  const bare = leavesOf(text).filter(({ line }) => !isComment(lines[line]) && !isComment(lines[line - 1]));
  assert.deepEqual(
    bare.map(({ key }) => key),
    [],
  );
});
