import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { never, openWebhooks, startReceiver, type Answer } from "./harness.ts";

/** Keeps its answers back until they are let go. */
const holding = () => {
  const held: ServerResponse[] = [];
  let open = false;
  const answer: Answer = (_, response) => void (open ? response.end() : held.push(response));
  const letGo = () => {
    open = true;
    for (const response of held) response.end();
  };
  return { answer, held, letGo };
};

test("a host that is slow gets four at once and holds up no other", async (t) => {
  const { insert, open, becomes } = openWebhooks(t);
  const [slow, fast] = [await startReceiver(t, never), await startReceiver(t)];
  for (let count = 0; count < 10; count++) insert(slow.url);
  const ids = Array.from({ length: 10 }, () => insert(fast.url));
  open();
  for (const id of ids) await becomes(id, "delivered");
  await slow.has(4);
  assert.deepEqual([slow.received.length, fast.received.length], [4, 10]);
});

test("a crowd for one host does not hide what is due for another", async (t) => {
  const { db, insert, open, becomes } = openWebhooks(t);
  const [slow, fast] = [await startReceiver(t, never), await startReceiver(t)];
  db.transaction(() => {
    for (let count = 0; count < 350; count++) insert(slow.url);
  })();
  const id = insert(fast.url);
  open();
  await becomes(id, "delivered");
});

test("a crowd for a host that is full is stepped over, and not gone through", async (t) => {
  const { db, deliveries, insert, open, becomes } = openWebhooks(t);
  const [slow, fast] = [await startReceiver(t, never), await startReceiver(t)];
  db.transaction(() => {
    for (let count = 0; count < 1000; count++) insert(slow.url);
  })();
  const id = insert(fast.url);
  let read = 0;
  const due: typeof deliveries.due = (at, which) => {
    const found = deliveries.due(at, which);
    read += found.length;
    return found;
  };
  open({ deliveries: { ...deliveries, due } });
  await becomes(id, "delivered");
  assert.ok(read < 200, `${read} rows were read`);
});

test("a crowd is worked off, four at once, when its host answers", async (t) => {
  const { insert, open, becomes } = openWebhooks(t);
  const { answer, held, letGo } = holding();
  const receiver = await startReceiver(t, answer);
  const ids = Array.from({ length: 30 }, () => insert(receiver.url));
  open();
  await receiver.has(4);
  assert.equal(held.length, 4);
  letGo();
  for (const id of ids) assert.equal((await becomes(id, "delivered")).attempts, 1);
  assert.equal(receiver.received.length, 30);
});

test("no more than sixteen are under way at once", async (t) => {
  const { insert, open, becomes } = openWebhooks(t);
  const { answer, held, letGo } = holding();
  const receivers = await Promise.all(Array.from({ length: 6 }, () => startReceiver(t, answer)));
  const ids = receivers.flatMap(({ url }) => Array.from({ length: 4 }, () => insert(url)));
  const asked: string[] = [];
  open({ bodyOf: (jobId) => Promise.resolve(String(asked.push(jobId))) });
  await Promise.all(receivers.slice(0, 4).map(({ has }) => has(4)));
  assert.deepEqual([asked.length, held.length], [16, 16]);
  letGo();
  for (const id of ids) await becomes(id, "delivered");
});
