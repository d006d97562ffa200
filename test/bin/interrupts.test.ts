import assert from "node:assert/strict";
import { test } from "node:test";
import { listenForInterrupts, unless } from "../../bin/interrupts.ts";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`${signal} is an interrupt, and the exit code says so`, () => {
    using interrupts = listenForInterrupts();
    process.emit(signal);
    assert.deepEqual([interrupts.first.aborted, interrupts.again.aborted, interrupts.exitCode()], [true, false, 130]);
  });
}

test("a reader that has gone is an interrupt with an exit code of its own", () => {
  using interrupts = listenForInterrupts();
  process.emit("SIGPIPE", "SIGPIPE");
  assert.deepEqual([interrupts.first.aborted, interrupts.exitCode()], [true, 141]);
});

test("a signal that comes at once again is the same one, passed on", () => {
  using interrupts = listenForInterrupts();
  process.emit("SIGINT");
  process.emit("SIGINT");
  assert.deepEqual([interrupts.first.aborted, interrupts.again.aborted], [true, false]);
});

test("a signal that comes later is a second one", (t) => {
  let now = 1000;
  t.mock.method(performance, "now", () => now);
  using interrupts = listenForInterrupts();
  process.emit("SIGINT");
  now += 1000;
  process.emit("SIGINT");
  assert.equal(interrupts.again.aborted, true);
});

test("nothing listens any more afterwards", () => {
  const before = process.listenerCount("SIGINT");
  {
    using interrupts = listenForInterrupts();
    assert.equal(interrupts.first.aborted, false);
  }
  assert.equal(process.listenerCount("SIGINT"), before);
});

test("a promise is waited for until somebody wants to leave", async () => {
  const leave = new AbortController();
  assert.equal(await unless(leave.signal, Promise.resolve("here")), "here");
  const waiting = unless(leave.signal, new Promise(() => {}));
  leave.abort();
  await assert.rejects(waiting, { message: "interrupted" });
  await assert.rejects(unless(leave.signal, new Promise(() => {})), { message: "interrupted" });
});
