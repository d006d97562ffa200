import assert from "node:assert/strict";
import { test } from "node:test";
import { retryDelayMs } from "../../lib/webhooks/backoff.ts";

test("the wait grows threefold up to an hour", () => {
  const seconds = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((attempts) => retryDelayMs(attempts, 0) / 1000);
  assert.deepEqual(seconds, [5, 15, 45, 135, 405, 1215, 3600, 3600, 3600]);
});

test("chance takes up to a quarter off the wait", () => {
  assert.deepEqual([retryDelayMs(1, 0.5), retryDelayMs(1, 1)], [4375, 3750]);
});

test("without a given chance the wait stays within its bounds", () => {
  const waits = Array.from({ length: 100 }, () => retryDelayMs(2));
  assert.ok(waits.every((wait) => wait >= 11_250 && wait <= 15_000));
  assert.ok(new Set(waits).size > 1);
});
