import assert from "node:assert/strict";
import { after, test } from "node:test";
import { DeliveryList } from "../../lib/schema/webhook.ts";
import { startStromboli } from "./harness.ts";
import { startReceiver } from "./receiver.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

const binary = makeStandIn({ after });
const stromboli = await startStromboli({ after }, { config: { claude: { binary } } });
const receiver = await startReceiver({ after });

const hosts = ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.1.2.3", "169.254.169.254", "0x7f.1"];
for (const host of hosts) {
  test(`a webhook to ${host} is refused at once`, async () => {
    const { status, body } = await stromboli.submit({
      prompt: "answer hi",
      webhook_url: `http://${host}:${receiver.port}/`,
    });
    assert.deepEqual([status, body.code], [400, "invalid_request"]);
    assert.match(String(body.error), /webhook_url: .* not a public address.*webhooks\.allow_private/);
  });
}

test("a delivery that was let in while private addresses were allowed is given up when they are not, and says why", async (t) => {
  const config = { claude: { binary: makeStandIn(t) }, webhooks: { allow_private: true } };
  const changing = await startStromboli(t, { config });
  const gone = await startReceiver(t);
  await gone.close();
  const { body } = await changing.submit({ prompt: "answer hi", webhook_url: gone.url });
  const id = String(body.job_id);
  const list = async () =>
    DeliveryList.parse(await (await changing.send(`/webhooks/deliveries?job_id=${id}`)).json()).deliveries[0];
  await changing.ended(id);
  await until("a first attempt", async () => ((await list())?.attempts ?? 0) > 0);
  await changing.end("SIGTERM");
  changing.configure({ ...config, webhooks: { allow_private: false } });
  const back = await startReceiver(t, { port: gone.port });
  await changing.start();
  const failed = await until("its end", async () => {
    const one = await list();
    return one?.status === "failed" && one;
  });
  assert.match(String(failed.last_error), /127\.0\.0\.1 is not a public address.*webhooks\.allow_private/);
  assert.deepEqual([back.received.length, failed.next_attempt_at, failed.last_status_code], [0, null, null]);
});
