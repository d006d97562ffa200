import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { z } from "zod";
import { Delivery, DeliveryList, WebhookBody } from "../../lib/schema/webhook.ts";
import { startStromboli, type Stromboli } from "./harness.ts";
import { isSigned, startReceiver } from "./receiver.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

const secret = "a secret of the tests";
const env = { STROMBOLI_WEBHOOKS_SECRET: secret };
const binary = makeStandIn({ after });
const config = { claude: { binary }, webhooks: { allow_private: true }, jobs: { max_running: 2 } };
const stromboli = await startStromboli({ after }, { config, env });
const receiver = await startReceiver({ after });
const { submit, ended, show, cancel } = stromboli;

const retryMs = 60_000; // the first retries come after some seconds

const deliveries = async (of: Stromboli, query = "") =>
  DeliveryList.parse(await (await of.send(`/webhooks/deliveries${query}`)).json());
/** The only delivery of a job, once it is in a state. */
const delivery = (id: string, status: Delivery["status"], of = stromboli) =>
  until(
    `a delivery that is ${status}`,
    async () => (await deliveries(of, `?job_id=${id}`)).deliveries.find((one) => one.status === status),
    retryMs,
  );
const begin = async (prompt: string, url = receiver.url, more: object = {}) => {
  const { body } = await submit({ prompt, webhook_url: url, ...more });
  return String(body.job_id);
};

test("a receiver is told of a job that succeeded, once, with what it came to, as signed JSON with its delivery's id", async () => {
  const id = await begin("answer hi");
  const job = await ended(id);
  const [message] = await receiver.about(id);
  const { job_id, ...told } = z.strictObject(WebhookBody.shape).parse(JSON.parse(message?.raw ?? ""));
  const { status, outcome, output, session_id, usage } = job;
  assert.deepEqual([job_id, told], [id, { status, outcome, output, session_id, usage }]);
  assert.equal(job.webhook_url, receiver.url);
  const { id: delivered, attempts, last_status_code, last_error, url } = await delivery(id, "delivered");
  assert.deepEqual([attempts, last_status_code, last_error, url], [1, 204, null, receiver.url]);
  assert.equal((await receiver.about(id)).length, 1);
  assert.ok(message && isSigned(message, secret));
  assert.equal(isSigned(message, "another"), false);
  assert.equal(message.headers["x-stromboli-delivery"], delivered);
  assert.equal(message.headers["content-type"], "application/json");
});

test("a receiver is told of a job that failed, and why", async () => {
  const id = await begin("echo oops >&2; exit 3");
  const [message] = await receiver.about(id);
  const { status, outcome, error, crash_info } = message?.body ?? {};
  assert.deepEqual([status, outcome, crash_info?.exit_code], ["failed", "agent_error", 3]);
  assert.match(crash_info?.partial_output ?? "", /oops/);
  assert.ok(String(error).length > 0);
});

test("a receiver is told of a job that was cancelled while it ran, or while it waited", async () => {
  const sessions = [randomUUID(), randomUUID()];
  const running = await Promise.all(
    sessions.map((session_id) => begin("hold", receiver.url, { claude: { session_id } })),
  );
  const waiting = await begin("answer never");
  await Promise.all(sessions.map((session) => stromboli.job(session, "running")));
  for (const id of [waiting, ...running]) await cancel(id);
  for (const id of [waiting, ...running]) {
    const messages = await receiver.about(id);
    assert.deepEqual([messages.length, messages[0]?.body.outcome], [1, "cancelled"]);
  }
});

test("a receiver that is down gets the message when it is up again, though the daemon was killed in between", async (t) => {
  const gone = await startReceiver(t);
  await gone.close();
  const id = await begin("answer late", gone.url);
  await ended(id);
  await until("a first attempt", async () => (await deliveries(stromboli, `?job_id=${id}`)).deliveries[0]?.last_error);
  await stromboli.end("SIGKILL");
  const back = await startReceiver(t, { port: gone.port });
  await stromboli.start();
  const [message] = await back.about(id, retryMs);
  assert.deepEqual([message?.body.output, message && isSigned(message, secret)], ["late", true]);
  assert.ok((await delivery(id, "delivered")).attempts >= 2);
});

test("a receiver that refuses is asked again, with the same delivery's id", async (t) => {
  const busy = await startReceiver(t, { status: 503 });
  const id = await begin("answer hi", busy.url);
  const pending = await until("a first attempt", async () => {
    const [one] = (await deliveries(stromboli, `?job_id=${id}&status=pending`)).deliveries;
    return one?.last_status_code === 503 && one;
  });
  assert.ok(pending.attempts >= 1 && String(pending.next_attempt_at) > pending.created_at);
  await until("a second one", () => busy.received.length > 1, retryMs);
  const ids = busy.received.map(({ headers }) => headers["x-stromboli-delivery"]);
  assert.deepEqual(new Set(ids), new Set([pending.id]));
});

test("a delivery can be sent again", async () => {
  const id = await begin("answer hi");
  const { id: first } = await delivery(id, "delivered");
  const response = await stromboli.send(`/webhooks/deliveries/${first}/redeliver`, { method: "POST" });
  assert.deepEqual([response.status, Delivery.parse(await response.json()).id], [202, first]);
  await until("a second message", async () => (await receiver.about(id)).length === 2);
  assert.equal((await delivery(id, "delivered")).attempts, 2);
});

test("pages of the list hold every delivery once, newest first", async () => {
  const all = (await deliveries(stromboli)).deliveries.map((one) => one.id);
  const { deliveries: page, next_cursor } = await deliveries(stromboli, "?limit=2");
  const { deliveries: rest } = await deliveries(stromboli, `?cursor=${next_cursor}`);
  assert.deepEqual(
    [...page, ...rest].map((one) => one.id),
    all,
  );
});

test("a delivery that is not there cannot be sent again", async () => {
  const response = await stromboli.send("/webhooks/deliveries/nothing/redeliver", { method: "POST" });
  assert.deepEqual([response.status, ((await response.json()) as { code: string }).code], [404, "delivery_not_found"]);
});

test("a job without a webhook has no delivery", async () => {
  const { body } = await submit({ prompt: "answer hi" });
  const id = String(body.job_id);
  await ended(id);
  assert.deepEqual(
    [(await deliveries(stromboli, `?job_id=${id}`)).deliveries, (await show(id)).webhook_url],
    [[], undefined],
  );
});
