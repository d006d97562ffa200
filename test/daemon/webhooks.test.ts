import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { OpenAPIHono } from "@hono/zod-openapi";
import { answerError } from "../../daemon/middleware/errors.ts";
import { identify, type Variables } from "../../daemon/middleware/request.ts";
import { webhookRoutes } from "../../daemon/routes/webhooks.ts";
import { localCaller } from "../../lib/auth/caller.ts";
import { Delivery, DeliveryList } from "../../lib/schema/webhook.ts";
import { createDeliveryStore } from "../../lib/store/deliveries.ts";
import { memoryLog, newJob, openStores } from "../harness.ts";

const now = Date.UTC(2026, 0, 1);

/** The routes over a real store; nothing is sent. */
const open = (t: TestContext) => {
  const { db, jobs } = openStores(t);
  const deliveries = createDeliveryStore(db);
  const { log } = memoryLog();
  const app = new OpenAPIHono<Variables>();
  app.onError(answerError(log));
  app.use(identify(log));
  app.use(async (c, next) => {
    c.set("caller", localCaller);
    await next();
  });
  const outbox = {
    redeliver: (id: string) => deliveries.redeliver({ id, at: now, giveUpAt: now + 1 }),
  };
  app.route("/", webhookRoutes({ outbox, deliveries }));
  return {
    deliveries,
    insert: (id: string) => {
      const job = newJob();
      jobs.insert(job);
      deliveries.insert({ id, jobId: job.id, url: `https://${id}.example/`, createdAt: now, giveUpAt: now + 1 });
      return job.id;
    },
    call: async (path: string, method = "GET") => {
      const answer = await app.request(`/webhooks/deliveries${path}`, { method });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }; // the API answers with objects
    },
  };
};

const idsOf = (body: unknown) => DeliveryList.parse(body).deliveries.map(({ id }) => id);

test("without webhooks the list is empty", async (t) => {
  assert.deepEqual(await open(t).call(""), { status: 200, body: { deliveries: [] } });
});

test("a delivery tells all of itself", async (t) => {
  const { insert, call } = open(t);
  const jobId = insert("a");
  const { body } = await call("");
  assert.deepEqual(body["deliveries"], [
    {
      id: "a",
      job_id: jobId,
      url: "https://a.example/",
      status: "pending",
      attempts: 0,
      created_at: "2026-01-01T00:00:00.000Z",
      next_attempt_at: "2026-01-01T00:00:00.000Z",
      last_attempt_at: null,
      last_status_code: null,
      last_error: null,
    },
  ]);
});

test("a failed delivery says when, with what status and why", async (t) => {
  const { deliveries, insert, call } = open(t);
  insert("a");
  deliveries.failed("a", { at: now + 1000, status: 410, error: "answered 410" });
  const [delivery] = DeliveryList.parse((await call("")).body).deliveries;
  const { status, attempts, next_attempt_at, last_attempt_at, last_status_code, last_error } = delivery ?? {};
  assert.deepEqual([status, attempts, next_attempt_at], ["failed", 1, null]);
  assert.deepEqual([last_attempt_at, last_status_code, last_error], ["2026-01-01T00:00:01.000Z", 410, "answered 410"]);
});

test("the list goes newest first from page to page", async (t) => {
  const { insert, call } = open(t);
  ["a", "b", "c"].forEach(insert);
  const first = await call("?limit=2");
  const second = await call(`?limit=2&cursor=${String(first.body["next_cursor"])}`);
  assert.deepEqual([idsOf(first.body), idsOf(second.body)], [["c", "b"], ["a"]]);
  assert.equal(typeof first.body["next_cursor"], "string");
  assert.ok(!("next_cursor" in second.body));
});

test("a page has fifty unless told otherwise", async (t) => {
  const { insert, call } = open(t);
  for (let count = 0; count < 51; count++) insert(`d${count}`);
  const { body } = await call("");
  assert.deepEqual([idsOf(body).length, "next_cursor" in body], [50, true]);
});

test("the list can be of one status or one job", async (t) => {
  const { deliveries, insert, call } = open(t);
  const [jobId] = ["a", "b"].map(insert);
  deliveries.delivered("b", { at: now, status: 200 });
  const lists = await Promise.all(
    ["?status=delivered", `?job_id=${jobId}`, "?job_id=job-x"].map((query) => call(query)),
  );
  assert.deepEqual(
    lists.map(({ body }) => idsOf(body)),
    [["b"], ["a"], []],
  );
});

for (const [query, message] of [
  ["state=failed", /state: unknown field/],
  ["status=sent", /status/],
  ["limit=0", /limit/],
  ["limit=501", /limit/],
  ["cursor=-1", /cursor/],
] as const) {
  test(`the query ${query} is 400`, async (t) => {
    const { status, body } = await open(t).call(`?${query}`);
    assert.deepEqual([status, body["code"]], [400, "invalid_request"]);
    assert.match(String(body["error"]), message);
  });
}

test("redelivery answers 202 with the delivery, which is pending again", async (t) => {
  const { deliveries, insert, call } = open(t);
  insert("a");
  deliveries.delivered("a", { at: now, status: 200 });
  const { status, body } = await call("/a/redeliver", "POST");
  const delivery = Delivery.parse(body);
  assert.deepEqual([status, delivery.id, delivery.status, delivery.attempts], [202, "a", "pending", 1]);
});

test("redelivery of an unknown delivery is 404 delivery_not_found", async (t) => {
  const { status, body } = await open(t).call("/x/redeliver", "POST");
  assert.deepEqual([status, body["code"], body["error"]], [404, "delivery_not_found", "there is no delivery x"]);
});
