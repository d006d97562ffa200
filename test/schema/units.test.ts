import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, CpuCount, Duration, MemorySize, millisecondsOf } from "../../lib/schema/units.ts";

for (const [text, bytes] of [
  ["67108864b", 67_108_864],
  ["65536k", 67_108_864],
  ["512m", 536_870_912],
  ["2g", 2_147_483_648],
] as const) {
  test(`${text} of memory is ${bytes} bytes`, () => assert.equal(bytesOf(MemorySize.parse(text)), bytes));
}

for (const text of [
  "",
  "512",
  "0m",
  "-1m",
  "0.5g",
  "1e9b",
  "512 m",
  "512mb",
  "512M",
  "1t",
  "63m",
  "67108863b",
  "64m\n",
]) {
  test(`${JSON.stringify(text)} is no memory size`, () => assert.equal(MemorySize.safeParse(text).success, false));
}

for (const [text, milliseconds] of [
  ["90s", 90_000],
  ["30m", 1_800_000],
  ["1h30m", 5_400_000],
  ["1500ms", 1500],
  ["2m500ms", 120_500],
  ["1d2h3m4s5ms", 93_784_005],
  ["24d", 2_073_600_000],
] as const) {
  test(`${text} is ${milliseconds} ms`, () => assert.equal(millisecondsOf(Duration.parse(text)), milliseconds));
}

for (const text of ["", "30", "0s", "-1s", "1.5h", "30m1h", "1h 30m", "1w", "1M", "s", "25d", "23d24h1ms", "1s\n"]) {
  test(`${JSON.stringify(text)} is no duration`, () => assert.equal(Duration.safeParse(text).success, false));
}

test("the longest duration fits into a timer", () => {
  assert.ok(millisecondsOf("24d") < 2 ** 31);
});

for (const text of ["0.01", "0.5", "1", "2.25", "9999.999"]) {
  test(`${text} is a number of CPUs`, () => assert.equal(CpuCount.parse(text), text));
}

for (const text of ["", "0", "0.001", "-1", ".5", "1.", "01", "1e3", "0x1", "NaN", "10000", "1,5", " 1"]) {
  test(`${JSON.stringify(text)} is no number of CPUs`, () => assert.equal(CpuCount.safeParse(text).success, false));
}

test("CPUs are a string, as the clients in the field send them", () => {
  assert.equal(CpuCount.safeParse(1).success, false);
});
