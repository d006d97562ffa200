import assert from "node:assert/strict";
import { test } from "node:test";
import { createRateLimiter, take, type Bucket } from "../lib/rate-limit.ts";
import { RateLimit, rateOf } from "../lib/schema/units.ts";

const perSecond = rateOf("2/s");

/** A limiter at a time that the test sets. */
const limiterOf = (rate: string) => {
  const clock = { now: 0 };
  const limiter = createRateLimiter(rateOf(rate), () => clock.now);
  return { clock, takeOf: (key: string) => limiter.take(key), ask: (key = "a") => limiter.take(key).allowed };
};

test("as many as the rate says are allowed at once, and no more", () => {
  const { ask } = limiterOf("3/m");
  assert.deepEqual([ask(), ask(), ask(), ask()], [true, true, true, false]);
});

test("one more is allowed after its part of the time, and not before", () => {
  const { ask, clock } = limiterOf("3/m");
  for (const _ of [1, 2, 3]) ask();
  clock.now = 19_999;
  assert.equal(ask(), false);
  clock.now = 20_000;
  assert.deepEqual([ask(), ask()], [true, false]);
});

test("who waits as long as it is told is allowed", () => {
  for (const rate of ["7/s", "13/m", "999/h", "1/h"]) {
    const { takeOf, clock } = limiterOf(rate);
    while (takeOf("a").allowed);
    for (let round = 0; round < 100; round += 1) {
      clock.now += takeOf("a").retryMs;
      assert.equal(takeOf("a").allowed, true, `${rate}, round ${round}`);
    }
  }
});

test("what is left is told, and when all of it is there again", () => {
  const [first, second, third] = [0, 250, 250].reduce<ReturnType<typeof take>[]>(
    (taken, now) => [...taken, take(taken.at(-1)?.bucket, perSecond, now)],
    [],
  );
  assert.deepEqual([first?.remaining, first?.resetMs], [1, 500]);
  assert.deepEqual([second?.remaining, second?.resetMs], [0, 750]);
  assert.deepEqual([third?.allowed, third?.retryMs], [false, 250]);
});

test("nobody saves up more than the rate", () => {
  const { bucket } = take({ tokens: 2, at: 0 }, perSecond, 1e9);
  assert.deepEqual(bucket, { tokens: 1, at: 1e9 });
});

test("a clock that steps back takes nothing away", () => {
  const early: Bucket = { tokens: 1, at: 5000 };
  assert.deepEqual(take(early, perSecond, 10).bucket, { tokens: 0, at: 10 });
});

test("each has a bucket of its own", () => {
  const { ask } = limiterOf("1/s");
  assert.deepEqual([ask("a"), ask("b"), ask("a")], [true, true, false]);
});

test("of many strangers those who came first are forgotten, and who asks all the time is not", () => {
  const { ask } = limiterOf("1/h");
  for (let index = 0; index < 15_000; index += 1) {
    ask(`stranger ${index}`);
    assert.equal(ask("often"), index === 0);
  }
  assert.deepEqual([ask("stranger 14999"), ask("stranger 0")], [false, true]);
});

for (const text of ["off", "1/s", "600/m", "1000/h"])
  test(`${text} is a rate`, () => assert.equal(RateLimit.safeParse(text).success, true));

for (const text of ["", "0/s", "-1/s", "1.5/m", "10", "10/d", "10/ms", "1e3/s", "1000000000/s", " 1/s", "1/s\n", "no"])
  test(`${JSON.stringify(text)} is no rate`, () => assert.equal(RateLimit.safeParse(text).success, false));
