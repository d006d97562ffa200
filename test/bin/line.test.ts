import assert from "node:assert/strict";
import { test } from "node:test";
import { fit, printable } from "../../bin/line.ts";

for (const [text, shown] of [
  ["plain é 🦊\n\ttabbed", "plain é 🦊\n\ttabbed"],
  ["\u001b[2J\u001b]0;title\u0007", "[2J]0;title"],
  ["50%\r100%", "50%100%"],
  ["\u009b31m\0\b\u007f", "31m"],
] as const) {
  test(`${JSON.stringify(text)} is shown as ${JSON.stringify(shown)}`, () => assert.equal(printable(text), shown));
}

for (const [text, columns, cut] of [
  ["short", 10, "short"],
  ["exact", 5, "exact"],
  ["longer", 5, "long…"],
  ["", 5, ""],
  ["你好吗", 5, "你好…"],
  ["🦊🦊🦊", 3, "🦊…"],
  ["any", 1, "…"],
  ["any", -3, "…"],
] as const) {
  test(`${text} in ${columns} columns is ${cut}`, () => assert.equal(fit(text, columns), cut));
}
