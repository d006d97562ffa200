import assert from "node:assert/strict";
import { test } from "node:test";
import { patienceMs } from "../../lib/webhooks/backoff.ts";
import { until } from "../e2e/wait.ts";
import { never, openWebhooks, startReceiver, statuses } from "./harness.ts";

test("a webhook is delivered when its job has ended", async (t) => {
  const { insert, open, becomes } = openWebhooks(t);
  const receiver = await startReceiver(t);
  const outbox = open();
  const id = insert(receiver.url);
  outbox.wake();
  const { jobId, attempts, lastStatus, lastError, nextAttemptAt } = await becomes(id, "delivered");
  assert.deepEqual([attempts, lastStatus, lastError, nextAttemptAt], [1, 200, null, null]);
  assert.deepEqual(JSON.parse(receiver.received[0]?.body ?? ""), { job_id: jobId, output: "grüße 🦊" });
});

test("a receiver that was down gets it when it is up", async (t) => {
  const { insert, open, becomes, attempted } = openWebhooks(t);
  const down = await startReceiver(t);
  await down.close();
  const id = insert(down.url);
  open();
  const { state, lastStatus, lastError } = await attempted(id, 2);
  assert.deepEqual([state, lastStatus], ["pending", null]);
  assert.match(lastError ?? "", /ECONNREFUSED/);
  const { received } = await startReceiver(t, statuses(204), down.port);
  await becomes(id, "delivered");
  assert.equal(received.length, 1);
});

test("after a failure it is sent again under the same delivery id", async (t) => {
  const { insert, open, becomes } = openWebhooks(t);
  const { url, received } = await startReceiver(t, statuses(500, 503, 200));
  const id = insert(url);
  open();
  assert.equal((await becomes(id, "delivered")).attempts, 3);
  assert.deepEqual(
    received.map(({ headers }) => headers["x-stromboli-delivery"]),
    [id, id, id],
  );
});

test("a receiver that is too slow is tried again", async (t) => {
  const { insert, open, attempted } = openWebhooks(t);
  const receiver = await startReceiver(t, never);
  const id = insert(receiver.url);
  open({ config: { timeout: "50ms" } });
  const { state, lastError } = await attempted(id, 2);
  assert.deepEqual([state, lastError], ["pending", "no answer within 50ms"]);
});

test("a redirect is not followed but tried again", async (t) => {
  const { insert, open, becomes } = openWebhooks(t);
  const aim = await startReceiver(t);
  let count = 0;
  const { url } = await startReceiver(t, (_, response) =>
    count++ === 0 ? response.writeHead(302, { location: aim.url }).end() : response.end(),
  );
  const id = insert(url);
  open();
  assert.equal((await becomes(id, "delivered")).attempts, 2);
  assert.deepEqual(aim.received, []);
});

test("a receiver that answers 410 is left alone", async (t) => {
  const { insert, open, becomes } = openWebhooks(t);
  const { url } = await startReceiver(t, statuses(410));
  const id = insert(url);
  open();
  const { attempts, lastStatus, nextAttemptAt } = await becomes(id, "failed");
  assert.deepEqual([attempts, lastStatus, nextAttemptAt], [1, 410, null]);
});

test("a private address fails at once and says what to set", async (t) => {
  const { insert, open, becomes } = openWebhooks(t);
  const { port, received } = await startReceiver(t);
  const id = insert(`http://hooks.example:${port}/`);
  open({
    config: { allow_private: false },
    lookup: (_, { all }, callback) =>
      all ? callback(null, [{ address: "127.0.0.1", family: 4 }]) : callback(null, "127.0.0.1", 4),
  });
  const { lastError } = await becomes(id, "failed");
  assert.match(lastError ?? "", /127\.0\.0\.1.*set webhooks\.allow_private/);
  assert.deepEqual(received, []);
});

test("a webhook of a job that is gone fails", async (t) => {
  const { insert, open, becomes } = openWebhooks(t);
  const { url, received } = await startReceiver(t);
  const id = insert(url);
  open({ bodyOf: () => Promise.resolve(undefined) });
  const { lastError } = await becomes(id, "failed");
  assert.deepEqual([lastError, received], ["the job is gone", []]);
});

test("after a day it is tried once more and given up", async (t) => {
  const { insert, open, attempted, becomes, clock, deliveries } = openWebhooks(t);
  const { url } = await startReceiver(t, statuses(500));
  const id = insert(url);
  const outbox = open({ delayMs: () => 3_600_000 });
  await attempted(id, 1);
  clock.aheadMs = patienceMs - 60_000;
  outbox.wake();
  const { state, nextAttemptAt, giveUpAt } = await attempted(id, 2);
  assert.deepEqual([state, nextAttemptAt], ["pending", giveUpAt]);
  clock.aheadMs = patienceMs + 1;
  outbox.wake();
  await becomes(id, "failed");
  const { attempts, lastStatus, lastError } = deliveries.find(id) ?? {};
  assert.deepEqual([attempts, lastStatus, lastError], [3, 500, "answered 500"]);
});

test("redelivery sends again what was delivered, under the same id", async (t) => {
  const { insert, open, becomes } = openWebhooks(t);
  const { url, received } = await startReceiver(t);
  const id = insert(url);
  const outbox = open();
  await becomes(id, "delivered");
  assert.equal(outbox.redeliver(id)?.state, "pending");
  const { attempts } = await becomes(id, "delivered");
  assert.deepEqual([attempts, received.map(({ headers }) => headers["x-stromboli-delivery"])], [2, [id, id]]);
});

test("redelivery of what was given up has another day", async (t) => {
  const { insert, open, becomes, clock } = openWebhooks(t);
  const { url } = await startReceiver(t, statuses(410, 500, 200));
  const id = insert(url);
  const outbox = open();
  await becomes(id, "failed");
  clock.aheadMs = 3 * patienceMs;
  outbox.redeliver(id);
  assert.equal((await becomes(id, "delivered")).attempts, 3);
});

test("there is no redelivery of an unknown webhook", (t) => {
  assert.equal(openWebhooks(t).open().redeliver("x"), undefined);
});

test("an outcome is logged once with the host, and without the rest of the URL", async (t) => {
  const { insert, open, becomes, lines } = openWebhooks(t);
  const { url, port } = await startReceiver(t, statuses(500, 200));
  const id = insert(url);
  open();
  await becomes(id, "delivered");
  const seen = await until("two lines", () => lines.length >= 2 && lines.map((line) => JSON.parse(line)));
  assert.deepEqual(
    seen.map(({ level, delivery, host, status, attempts }) => [level, delivery, host, status, attempts]),
    [
      ["warn", id, `127.0.0.1:${port}`, 500, 1],
      ["info", id, `127.0.0.1:${port}`, 200, 2],
    ],
  );
  assert.doesNotMatch(lines.join(""), /hush|hook\?/);
});
