import assert from "node:assert/strict";
import { test } from "node:test";
import { patienceMs } from "../../lib/webhooks/backoff.ts";
import { openWebhooks, startReceiver, statuses } from "./harness.ts";

test("what a former daemon left is sent at the start", async (t) => {
  const { insert, open, becomes } = openWebhooks(t);
  const receiver = await startReceiver(t);
  const id = insert(receiver.url);
  open();
  await becomes(id, "delivered");
  assert.deepEqual(receiver.received.length, 1);
});

test("what a former daemon left is tried once even when its time is over", async (t) => {
  const { insert, open, becomes, clock } = openWebhooks(t);
  const [up, down] = [await startReceiver(t), await startReceiver(t, statuses(500))];
  const [one, two] = [insert(up.url), insert(down.url)];
  clock.aheadMs = 2 * patienceMs;
  open();
  const rows = [await becomes(one, "delivered"), await becomes(two, "failed")];
  assert.deepEqual(
    rows.map(({ attempts }) => attempts),
    [1, 1],
  );
});

test("an attempt that the end of the daemon cuts off is due at the next start", async (t) => {
  const { insert, open, becomes, deliveries } = openWebhooks(t);
  let up = false;
  const receiver = await startReceiver(t, (_, response) => (up ? response.end() : undefined));
  const id = insert(receiver.url);
  const outbox = open();
  await receiver.has(1);
  await outbox[Symbol.asyncDispose]();
  const { state, attempts } = deliveries.find(id) ?? {};
  assert.deepEqual([state, attempts], ["pending", 0]);
  up = true;
  open();
  await becomes(id, "delivered");
});

test("an outbox that is closed begins nothing more", async (t) => {
  const { insert, open, becomes } = openWebhooks(t);
  const { url, received } = await startReceiver(t);
  const outbox = open();
  await outbox[Symbol.asyncDispose]();
  const id = insert(url);
  outbox.wake();
  open();
  await becomes(id, "delivered");
  assert.equal(received.length, 1);
});

test("a job whose end is rolled back tells nobody", async (t) => {
  const { db, insert, open, becomes } = openWebhooks(t);
  const { url, received } = await startReceiver(t);
  const outbox = open();
  const failing = db.transaction(() => {
    insert(url);
    outbox.wake();
    throw new Error("rolled back");
  });
  assert.throws(failing, /rolled back/);
  const id = insert(url);
  outbox.wake();
  await becomes(id, "delivered");
  assert.equal(received.length, 1);
});
