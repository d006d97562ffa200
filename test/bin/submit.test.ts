import assert from "node:assert/strict";
import { test } from "node:test";
import type { Interrupts } from "../../bin/interrupts.ts";
import { cancel, submit, withdraw } from "../../bin/submit.ts";
import { answering, hangUp, jobId, json, quick } from "./harness.ts";

const request = { prompt: "hi" };
const submitted = { job_id: jobId, session_id: "s" };
const route = "POST /run/async";
const cancelRoute = `DELETE /jobs/${jobId}`;
const refusal = { error: "no such image", code: "image_not_found", request_id: "r" };

/** Interrupts that come from the test alone. */
const interrupts = (again = new AbortController().signal): Interrupts => ({
  first: AbortSignal.abort(),
  again,
  exitCode: () => 130,
  [Symbol.dispose]: () => {},
});

test("a submit whose connection is lost is sent again with its key, until it is answered", async (t) => {
  let tries = 0;
  const { client, requests } = await answering(t, {
    [route]: (received, response) => {
      tries += 1;
      if (tries === 1) hangUp(received, response);
      else if (tries === 2) response.writeHead(202, { "content-length": 100 }).write("{", () => response.destroy());
      else json(response, submitted, 202);
    },
  });
  assert.deepEqual(await submit(client, request, { key: "k-1", ...quick }), submitted);
  assert.deepEqual(
    requests.map(({ headers, body }) => [headers["idempotency-key"], body]),
    Array.from({ length: 3 }, () => ["k-1", JSON.stringify(request)]),
  );
});

test("a submit that is refused is not sent again", async (t) => {
  const { client, requests } = await answering(t, { [route]: (_, response) => json(response, refusal, 404) });
  await assert.rejects(submit(client, request, { key: "k", ...quick }), { name: "Failure", message: "no such image" });
  assert.equal(requests.length, 1);
});

test("a submit is given up after a while", async (t) => {
  const { client } = await answering(t, { [route]: hangUp });
  await assert.rejects(submit(client, request, { key: "k", ...quick, giveUpAfterMs: 20 }), { code: "ECONNRESET" });
});

test("who leaves gives up a submit as well", async (t) => {
  const leave = new AbortController();
  const { client } = await answering(t, { [route]: () => leave.abort() });
  await assert.rejects(submit(client, request, { key: "k", signal: leave.signal }), { name: "AbortError" });
});

test("a job that is yet to be made is cancelled once it has been", async (t) => {
  const { promise, resolve } = Promise.withResolvers<typeof submitted>();
  const { client, requests } = await answering(t, {
    [cancelRoute]: (_, response) => json(response, { cancelled: true }),
  });
  const withdrawn = withdraw(client, promise, interrupts());
  assert.deepEqual(requests, []);
  resolve(submitted);
  const { message, exitCode } = await withdrawn;
  assert.deepEqual([message, exitCode], ["interrupted; the run is cancelled", 130]);
  assert.equal(requests.length, 1);
});

test("a cancel whose answer was lost is still one", async (t) => {
  let tries = 0;
  const { client } = await answering(t, {
    [cancelRoute]: (received, response) => {
      tries += 1;
      if (tries === 1) hangUp(received, response);
      else json(response, { error: "it has ended", code: "job_ended", request_id: "r" }, 409);
    },
  });
  const { message } = await withdraw(client, Promise.resolve(submitted), interrupts());
  assert.equal(message, "interrupted; the run is cancelled");
});

for (const [title, status, said] of [
  ["has ended meanwhile", 409, "interrupted; the run had ended"],
  ["cannot be cancelled", 500, `interrupted; the run may go on, cancel it with: stromboli cancel ${jobId}`],
] as const) {
  test(`a run that ${title} is told as such`, async (t) => {
    const { client } = await answering(t, { [cancelRoute]: (_, response) => json(response, refusal, status) });
    assert.equal((await withdraw(client, Promise.resolve(submitted), interrupts())).message, said);
  });
}

test("a submit that is refused leaves nothing to cancel", async (t) => {
  const { client } = await answering(t, { [route]: (_, response) => json(response, refusal, 404) });
  const { message } = await withdraw(client, submit(client, request, { key: "k" }), interrupts());
  assert.equal(message, "interrupted; no run was begun");
});

test("who is interrupted again leaves a job that does not end", async (t) => {
  const again = new AbortController();
  const { client } = await answering(t, { [cancelRoute]: () => again.abort() });
  const { message } = await withdraw(client, Promise.resolve(submitted), interrupts(again.signal));
  assert.match(message, /the run may go on, cancel it with/);
});

test("who is interrupted again leaves a submit that is not answered", async (t) => {
  const again = new AbortController();
  const { client } = await answering(t, { [route]: () => again.abort() });
  const pending = submit(client, request, { key: "k", signal: again.signal });
  assert.match((await withdraw(client, pending, interrupts(again.signal))).message, /a run may have begun/);
});

test("cancelling says whether the job ended by it", async (t) => {
  const answers = [200, 409];
  const { client } = await answering(t, { [cancelRoute]: (_, response) => json(response, {}, answers.shift()) });
  assert.deepEqual([await cancel(client, jobId), await cancel(client, jobId)], [true, false]);
});
