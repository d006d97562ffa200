import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { localTime } from "../../bin/local-time.ts";

const inZone = (t: TestContext, zone: string): void => {
  const before = process.env["TZ"];
  process.env["TZ"] = zone;
  t.after(() => {
    if (before === undefined) delete process.env["TZ"];
    else process.env["TZ"] = before;
  });
};

test("a time is told as the clocks of TZ show it, on their day", (t) => {
  inZone(t, "Asia/Kolkata");
  assert.equal(localTime("2026-12-31T20:05:09.123Z"), "2027-01-01 01:35:09");
});

test("a time in summer is told in summer time", (t) => {
  inZone(t, "Europe/Berlin");
  assert.equal(localTime("2026-07-01T10:00:00.000Z"), "2026-07-01 12:00:00");
});

test("what is no time stays as it is", () => {
  assert.equal(localTime("yesterday"), "yesterday");
});
