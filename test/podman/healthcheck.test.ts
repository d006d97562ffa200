import assert from "node:assert/strict";
import { test } from "node:test";
import { Healthcheck } from "../../lib/podman/healthcheck.ts";

test("an image's healthcheck is read with its times in nanoseconds", () => {
  const image = { Test: ["CMD-SHELL", "ping"], Interval: 2e9, Timeout: 3e9, StartPeriod: 4e9, Retries: 5 };
  const health = { command: ["CMD-SHELL", "ping"], intervalMs: 2000, timeoutMs: 3000, startPeriodMs: 4000, retries: 5 };
  assert.deepEqual(Healthcheck.parse(image), health);
});

test("what a healthcheck leaves open is as the specification has it", () => {
  const { intervalMs, timeoutMs, startPeriodMs, retries } = Healthcheck.parse({ Test: ["CMD", "ping", "-q"] });
  assert.deepEqual([intervalMs, timeoutMs, startPeriodMs, retries], [30_000, 30_000, 0, 3]);
});

test("a healthcheck that is switched off is none", () => {
  assert.equal(Healthcheck.safeParse({ Test: ["NONE"] }).success, false);
});
