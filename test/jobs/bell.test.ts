import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { createBell } from "../../lib/jobs/bell.ts";

const never = new AbortController().signal;

test("who listens is woken", async () => {
  const bell = createBell();
  const heard = [bell.since(bell.count(), never), bell.since(bell.count(), never)];
  bell.ring();
  await assert.doesNotReject(Promise.all(heard));
});

test("what rang between the count and the wait is not missed", async () => {
  const bell = createBell();
  const count = bell.count();
  bell.ring();
  await assert.doesNotReject(bell.since(count, never));
});

test("an old ring wakes nobody who has counted it", async () => {
  const bell = createBell();
  bell.ring();
  let woken = false;
  const waiting = bell.since(bell.count(), never).then(() => (woken = true));
  await new Promise(setImmediate);
  assert.equal(woken, false);
  bell.ring();
  await waiting;
});

test("a signal ends the wait, also one that has fired", async () => {
  const bell = createBell();
  const hungUp = new AbortController();
  const waiting = bell.since(bell.count(), hungUp.signal);
  hungUp.abort();
  await assert.doesNotReject(Promise.all([waiting, bell.since(bell.count(), hungUp.signal)]));
});

test("who has been woken leaves nothing on the signal", async () => {
  const bell = createBell();
  const { signal } = new AbortController();
  for (let count = 0; count < 20; count += 1) {
    const waiting = bell.since(bell.count(), signal);
    bell.ring();
    await waiting;
  }
  assert.equal(getEventListeners(signal, "abort").length, 0);
});
