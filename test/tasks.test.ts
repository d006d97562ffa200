import assert from "node:assert/strict";
import { test } from "node:test";
import { createTasks } from "../lib/tasks.ts";

test("done waits for work that is under way, and for what that starts", async () => {
  const tasks = createTasks();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const log: string[] = [];
  const second = async () => void (await gate, log.push("second"));
  void tasks.keep(gate.then(() => void (log.push("first"), tasks.keep(second()))));
  const done = tasks.done();
  open();
  await done;
  assert.deepEqual(log, ["first", "second"]);
});

test("work that fails fails for its caller and not for whoever waits for all", async () => {
  const tasks = createTasks();
  const work = tasks.keep(Promise.reject(new Error("no")));
  await assert.rejects(work, { message: "no" });
  await assert.doesNotReject(tasks.done());
});

test("without work there is nothing to wait for", async () => {
  await assert.doesNotReject(createTasks().done());
});
