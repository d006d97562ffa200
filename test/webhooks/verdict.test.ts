import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, type Settled } from "../../lib/webhooks/verdict.ts";

const verdict = (reply: Settled, { at = 1000, giveUpAt = 100_000 } = {}) => judge(reply, { at, giveUpAt, delayMs: 50 });
const answered = (status: number): Settled => ({ kind: "answered", status });

for (const status of [200, 201, 204, 299]) {
  test(`${status} is delivered`, () => {
    assert.deepEqual(verdict(answered(status)), { state: "delivered", status });
  });
}

for (const status of [300, 400, 401, 404, 429, 500, 503]) {
  test(`after ${status} it is tried again`, () => {
    const { state, status: seen } = verdict(answered(status));
    assert.deepEqual([state, seen], ["pending", status]);
  });
}

test("after 410 it is tried no more", () => {
  assert.deepEqual(verdict(answered(410)), {
    state: "failed",
    status: 410,
    error: "answered 410: it wants no more of this",
  });
});

test("what failed is tried again after its wait", () => {
  assert.deepEqual(verdict({ kind: "unanswered", error: "refused" }), {
    state: "pending",
    status: null,
    error: "refused",
    nextAttemptAt: 1050,
  });
});

test("what is hopeless is tried no more", () => {
  assert.deepEqual(verdict({ kind: "hopeless", error: "no" }), { state: "failed", status: null, error: "no" });
});

test("the last attempt comes when patience ends, not after it", () => {
  assert.deepEqual(verdict(answered(500), { giveUpAt: 1010 }), {
    state: "pending",
    status: 500,
    error: "answered 500",
    nextAttemptAt: 1010,
  });
});

test("what fails when patience has ended is given up", () => {
  assert.equal(verdict(answered(500), { giveUpAt: 1000 }).state, "failed");
});

test("what arrives when patience has ended has arrived", () => {
  assert.equal(verdict(answered(200), { giveUpAt: 1000 }).state, "delivered");
});

test("a redirect says that it is not followed", () => {
  const { error } = verdict(answered(302)) as { error: string }; // a 302 is no success
  assert.match(error, /answered 302; redirects are not followed/);
});
