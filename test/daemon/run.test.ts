import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { eventsFrom } from "../../lib/client/sse.ts";
import { RunResponse } from "../../lib/schema/job.ts";
import { openApp } from "./harness.ts";

test("an asynchronous job is 202 with its ids, before it has ended", async (t) => {
  const { post, jobs, submitted } = openApp(t, { ends: false });
  const { status, body } = await post("/run/async", { prompt: "hi" });
  const job = jobs.find(String(body["job_id"]));
  assert.deepEqual([status, body], [202, { job_id: job?.id, session_id: job?.sessionId }]);
  assert.deepEqual([submitted[0]?.mode, job?.state === "ended"], ["job", false]);
});

for (const [path, status] of [
  ["/run", 200],
  ["/run/async", 202],
  ["/run/stream", 200],
] as const) {
  test(`the Idempotency-Key header and the body's field are one key for ${path}`, async (t) => {
    const { call, views } = openApp(t);
    const send = (body: object, headers = {}) =>
      call(path, { method: "POST", body: JSON.stringify({ prompt: "hi", ...body }), headers });
    const answers = [
      await send({}, { "Idempotency-Key": "k-1" }),
      await send({ idempotency_key: "k-1" }),
      await send({ idempotency_key: "k-1" }, { "Idempotency-Key": "k-1" }),
    ];
    assert.deepEqual(answers.map((answer) => answer.status), [status, status, status]); // prettier-ignore
    assert.equal((await views.list({})).jobs.length, 1);
  });
}

test("who repeats a run with its key gets the answer of the first", async (t) => {
  const { run } = openApp(t);
  const [first, second] = [await run({ prompt: "hi" }, { "Idempotency-Key": "k" }), await run({ prompt: "hi" }, { "Idempotency-Key": "k" })]; // prettier-ignore
  assert.deepEqual(second.body, first.body);
  assert.equal(RunResponse.parse(first.body).output, "done");
});

test("a header and a field that differ are 400", async (t) => {
  const { run, submitted } = openApp(t);
  const { status, body } = await run({ prompt: "hi", idempotency_key: "a" }, { "Idempotency-Key": "b" });
  assert.deepEqual([status, body["code"], submitted], [400, "invalid_request", []]);
});

for (const key of ["", "a b", "é", "a".repeat(256)]) {
  test(`the key ${JSON.stringify(key.slice(0, 10))} is 400, in the header and in the body`, async (t) => {
    const { run, submitted } = openApp(t);
    const inBody = await run({ prompt: "hi", idempotency_key: key });
    const inHeader = await run({ prompt: "hi" }, { "Idempotency-Key": Buffer.from(key).toString("latin1") });
    assert.deepEqual([inBody.status, inHeader.status, submitted], [400, 400, []]);
  });
}

test("a request without its prompt is told that this is missing, in a body and in a query", async (t) => {
  const { run, call } = openApp(t);
  const { error } = JSON.parse((await call("/run/stream")).text) as { error: string };
  assert.deepEqual([(await run({})).body["error"], error], ["prompt: is missing", "prompt: is missing"]);
});

test("a key that was used for another request is 409", async (t) => {
  const { run } = openApp(t);
  await run({ prompt: "a" }, { "Idempotency-Key": "k" });
  const { status, body } = await run({ prompt: "b" }, { "Idempotency-Key": "k" });
  assert.deepEqual([status, body["code"]], [409, "idempotency_mismatch"]);
});

test("a full queue is 503 with Retry-After", async (t) => {
  const { run, start } = openApp(t, { ends: false, jobs: { max_running: 1, max_queued: 0 } });
  await start();
  const { status, headers, body } = await run({ prompt: "hi" });
  assert.deepEqual([status, body["code"]], [503, "queue_full"]);
  assert.match(headers.get("retry-after") ?? "", /^[1-9]\d*$/);
});

test("other errors have no Retry-After", async (t) => {
  assert.equal((await openApp(t).run({})).headers.get("retry-after"), null);
});

test("a database that cannot be written to is 503 storage_failed, and says what to do", async (t) => {
  const { run, db, lines } = openApp(t);
  db.pragma("query_only = on");
  const { status, body } = await run({ prompt: "hi" });
  db.pragma("query_only = off");
  assert.deepEqual([status, body["code"]], [503, "storage_failed"]);
  assert.match(String(body["error"]), /make room or make it writable/);
  assert.match(lines.join(""), /readonly database/);
});

for (const code of ["SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_READONLY_DBMOVED", "ENOSPC", "EROFS", "EDQUOT"]) {
  test(`${code} is 503 storage_failed`, async (t) => {
    const { run } = openApp(t, { submit: () => Promise.reject(Object.assign(new Error("no"), { code })) });
    const { status, body } = await run({ prompt: "hi" });
    assert.deepEqual([status, body["code"]], [503, "storage_failed"]);
  });
}

for (const code of ["SQLITE_CONSTRAINT_UNIQUE", "SQLITE_ERROR", "ENOENT"]) {
  test(`${code} is a bug`, async (t) => {
    const { run } = openApp(t, { submit: () => Promise.reject(Object.assign(new Error("no"), { code })) });
    const { status, body } = await run({ prompt: "hi" });
    assert.deepEqual([status, body["code"]], [500, "internal"]);
  });
}

test("a run that does not start is 503 start_failed", async (t) => {
  const { run, fake } = openApp(t);
  fake.state.startsWith = 125;
  const { status, body } = await run({ prompt: "hi" });
  assert.deepEqual([status, body["code"]], [503, "start_failed"]);
});

test("a run on a busy session is 409, an asynchronous one is 202", async (t) => {
  const { run, post } = openApp(t, { ends: false });
  const session_id = randomUUID();
  await post("/run/async", { prompt: "hi", claude: { session_id } });
  const again = { prompt: "hi", claude: { session_id, resume: true } };
  assert.deepEqual([(await run(again)).status, (await post("/run/async", again)).status], [409, 202]);
});

test("a webhook goes with an asynchronous job alone", async (t) => {
  const { run, post } = openApp(t, { ends: false });
  const body = { prompt: "hi", webhook_url: "https://example.com/hook" };
  const statuses = [(await run(body)).status, (await post("/run/stream", body)).status, (await post("/run/async", body)).status]; // prettier-ignore
  assert.deepEqual(statuses, [400, 400, 202]);
});

const eventsOf = (text: string) => Array.fromAsync(eventsFrom(new Blob([text]).stream()));

test("a run can be followed by GET, as EventSource does", async (t) => {
  const { call, submitted } = openApp(t);
  const session_id = randomUUID();
  const query = new URLSearchParams({ prompt: "do it", workdir: "/src", session_id, model: "sonnet" });
  const { status, headers, text } = await call(`/run/stream?${query.toString()}`);
  assert.deepEqual([status, headers.get("content-type")], [200, "text/event-stream; charset=utf-8"]);
  assert.equal((await eventsOf(text)).at(-1)?.event, "done");
  const [asked] = submitted;
  assert.deepEqual([asked?.mode, asked?.key], ["run", undefined]);
  assert.deepEqual(asked?.request, {
    prompt: "do it",
    workdir: "/src",
    claude: { session_id, resume: false, model: "sonnet" },
  });
});

test("a session can be resumed by GET", async (t) => {
  const { call, submitted } = openApp(t);
  const session_id = randomUUID();
  await call(`/run/stream?prompt=a&session_id=${session_id}`);
  const { status } = await call(`/run/stream?prompt=b&session_id=${session_id}&resume=true`);
  assert.deepEqual([status, submitted[1]?.request.claude?.resume], [200, true]);
});

for (const query of [
  "",
  "prompt=",
  "prompt=a&promt=b",
  "prompt=a&resume=yes",
  "prompt=a&resume=true",
  "prompt=a&session_id=x",
  "prompt=a&workdir=src",
  "prompt=a&events=all",
  "prompt=a&claude.model=x",
]) {
  // prettier-ignore
  test(`GET /run/stream?${query} is 400 and starts nothing`, async (t) => {
    const { json, submitted } = openApp(t);
    const { status, body } = await json(`/run/stream?${query}`);
    assert.deepEqual([status, body["code"], submitted], [400, "invalid_request", []]);
  });
}

test("who asks for the head of a stream alone starts nothing", async (t) => {
  const { call, submitted } = openApp(t);
  const { status, headers } = await call("/run/stream?prompt=hi", { method: "HEAD" });
  assert.deepEqual([status, headers.get("allow"), submitted], [405, "GET", []]);
});
