import assert from "node:assert/strict";
import { test } from "node:test";
import { age } from "../../bin/age.ts";

for (const [ms, text] of [
  [-5000, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [3_599_999, "59 min"],
  [3_600_000, "1 h"],
  [172_799_999, "47 h"],
  [172_800_000, "2 d"],
] as const) {
  test(`${ms} ms ago is ${text}`, () => assert.equal(age(ms), text));
}
