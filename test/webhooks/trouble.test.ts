import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryStore } from "../../lib/store/deliveries.ts";
import { until } from "../e2e/wait.ts";
import { openWebhooks, startReceiver, statuses } from "./harness.ts";

/** The first calls of one function of the store fail as a full disk would have them. */
const failingFirst = (deliveries: DeliveryStore, name: keyof DeliveryStore, times: number): DeliveryStore => {
  let left = times;
  return {
    ...deliveries,
    [name]: (...given: never[]) => {
      if (left-- > 0) throw new Error("database or disk is full");
      return (deliveries[name] as (...given: never[]) => unknown)(...given); // whatever it takes and gives is passed on
    },
  };
};

for (const name of ["find", "delivered"] as const) {
  test(`a delivery that cannot be written down is, once the database is well (${name})`, async (t) => {
    const { insert, open, becomes, deliveries, lines } = openWebhooks(t);
    const { url, received } = await startReceiver(t);
    const id = insert(url);
    open({ deliveries: failingFirst(deliveries, name, 3) });
    await becomes(id, "delivered");
    assert.equal(received.length, 1);
    assert.equal(lines.filter((line) => /cannot be written down/.test(line)).length, 3);
  });
}

test("a failure that cannot be written down is, once the database is well", async (t) => {
  const { insert, open, becomes, deliveries } = openWebhooks(t);
  const { url, received } = await startReceiver(t, statuses(410));
  const id = insert(url);
  open({ deliveries: failingFirst(deliveries, "failed", 2) });
  const { attempts } = await becomes(id, "failed");
  assert.deepEqual([attempts, received.length], [1, 1]);
});

test("what could never be written down is sent again by the next daemon", async (t) => {
  const { insert, open, becomes, deliveries, lines } = openWebhooks(t);
  const { url, received } = await startReceiver(t);
  const id = insert(url);
  const outbox = open({ deliveries: failingFirst(deliveries, "delivered", Infinity) });
  await until("trouble", () => lines.some((line) => /cannot be written down/.test(line)));
  await outbox[Symbol.asyncDispose]();
  assert.equal(deliveries.find(id)?.state, "pending");
  open();
  await becomes(id, "delivered");
  assert.deepEqual(
    received.map(({ headers }) => headers["x-stromboli-delivery"]),
    [id, id],
  );
});

for (const name of ["due", "nextDueAt"] as const) {
  test(`what is due is sent once the database can be read (${name})`, async (t) => {
    const { insert, open, becomes, deliveries } = openWebhooks(t);
    const { url, received } = await startReceiver(t, statuses(500, 200));
    const id = insert(url);
    open({ deliveries: failingFirst(deliveries, name, 3) });
    await becomes(id, "delivered");
    assert.equal(received.length, 2);
  });
}

test("a body that cannot be made is tried again", async (t) => {
  const { insert, open, becomes, attempted } = openWebhooks(t);
  const { url } = await startReceiver(t);
  const id = insert(url);
  let well = false;
  open({ bodyOf: () => (well ? Promise.resolve("{}") : Promise.reject(new Error("EIO"))) });
  assert.match((await attempted(id, 1)).lastError ?? "", /could not be sent: EIO/);
  well = true;
  await becomes(id, "delivered");
});

test("a job that is pruned during an attempt takes its webhook with it", async (t) => {
  const { db, insert, open, becomes, deliveries } = openWebhooks(t);
  const { url } = await startReceiver(t, (_, response) => {
    if (deliveries.find(id)) db.exec("delete from jobs");
    response.end();
  });
  const id = insert(url);
  const outbox = open();
  await until("the pruning", () => deliveries.find(id) === undefined);
  const next = insert((await startReceiver(t)).url);
  outbox.wake();
  await becomes(next, "delivered");
});
