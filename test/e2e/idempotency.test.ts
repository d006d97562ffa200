import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { eventsFrom } from "../../lib/client/sse.ts";
import { startStromboli } from "./harness.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after }, { config: { claude: { binary: makeStandIn({ after }) } } });
const { send, submit, ended, show, run } = stromboli;

const keyed = () => ({ "idempotency-key": randomUUID() });
const jobs = () => stromboli.count("jobs") ?? 0;
const go = (session_id: string) => writeFileSync(join(stromboli.workspace(session_id), "go"), "");

const headers = keyed();
const request = { prompt: "answer hi", labels: { a: "1", b: "2" }, podman: { memory: "256m", cpus: "1" } };
const first = await submit(request, headers);
const id = String(first.body.job_id);

test("the same key and body get the first answer, and there is one job", async () => {
  const before = jobs();
  const again = await submit(request, headers);
  assert.deepEqual([again.status, again.body, jobs()], [202, first.body, before]);
});

test("the key may stand in the body, and fields in any order", async () => {
  const { prompt, labels, podman } = request;
  const shuffled = { podman: { cpus: "1", memory: "256m" }, labels: { b: labels.b, a: labels.a }, prompt };
  const inBody = await submit({ ...shuffled, idempotency_key: headers["idempotency-key"] });
  const inBoth = await submit({ podman, prompt, labels, idempotency_key: headers["idempotency-key"] }, headers);
  assert.deepEqual([inBody.body, inBoth.body], [first.body, first.body]);
});

test("the same key gets the first answer when the job has ended, and after a restart", async () => {
  await ended(id);
  assert.deepEqual((await submit(request, headers)).body, first.body);
  await stromboli.end("SIGKILL");
  await stromboli.start();
  assert.deepEqual((await submit(request, headers)).body, first.body);
});

const others = [{ prompt: "answer ho" }, { labels: { a: "2" } }, { priority: 1 }, { workdir: "/elsewhere" }];
for (const other of others) {
  test(`the same key for another request is refused with 409: ${JSON.stringify(other)}`, async () => {
    const before = jobs();
    const { status, body } = await submit({ ...request, ...other }, headers);
    assert.deepEqual([status, body.code, body.id, jobs()], [409, "idempotency_mismatch", "", before]);
  });
}

test("the same key is refused for a run that is waited for, after one that was not", async () => {
  const response = await send("/run", { method: "POST", body: JSON.stringify(request), headers });
  assert.deepEqual(
    [response.status, ((await response.json()) as { code: string }).code],
    [409, "idempotency_mismatch"],
  );
});

test("twenty requests with one key at the same time make one job", async () => {
  const key = keyed();
  const answers = await Promise.all(Array.from({ length: 20 }, () => submit({ prompt: "answer hi" }, key)));
  const ids = new Set(answers.map(({ body }) => body.job_id));
  assert.deepEqual([ids.size, new Set(answers.map(({ status }) => status))], [1, new Set([202])]);
  await ended(String(answers[0]?.body.job_id));
});

test("a request that is refused does not take its key", async () => {
  const key = keyed();
  const refused = await submit({ prompt: "answer hi", podman: { image: "localhost/missing" } }, key);
  const { status, body } = await submit({ prompt: "answer hi" }, key);
  assert.deepEqual([refused.status, status], [404, 202]);
  await ended(String(body.job_id));
});

test("a run whose client hung up goes on when it gave a key, and is picked up with it", async () => {
  const session_id = randomUUID();
  const again = { prompt: "hold; answer kept", claude: { session_id }, idempotency_key: randomUUID() };
  const client = new AbortController();
  const lost = run(again, { signal: client.signal });
  const { id: runId } = await stromboli.job(session_id, "running");
  client.abort();
  await assert.rejects(lost, { name: "AbortError" });
  const before = jobs();
  const picked = run(again);
  assert.equal((await show(runId)).status, "running");
  go(session_id);
  const { status, body } = await picked;
  assert.deepEqual([status, body.id, body.output, jobs()], [200, runId, "kept", before]);
  assert.deepEqual((await run(again)).body, body);
});

test("a run is picked up with its key from the daemon after the one that was killed", async () => {
  const session_id = randomUUID();
  const again = { prompt: "hold; answer kept", claude: { session_id }, idempotency_key: randomUUID() };
  const lost = assert.rejects(run(again), TypeError);
  const { id: runId } = await stromboli.job(session_id, "running");
  await stromboli.end("SIGKILL");
  await lost;
  await stromboli.start();
  const picked = run(again);
  go(session_id);
  const { status, body } = await picked;
  assert.deepEqual([status, body.id, body.output], [200, runId, "kept"]);
});

test("a stream is picked up with its key, from its beginning", async () => {
  const session_id = randomUUID();
  const prompt = 'echo \'{"type":"test"}\'; hold; answer kept';
  const again = { prompt, claude: { session_id }, idempotency_key: randomUUID() };
  const client = new AbortController();
  const lost = await send("/run/stream?events=raw", {
    method: "POST",
    body: JSON.stringify(again),
    signal: client.signal,
  });
  await stromboli.job(session_id, "running");
  client.abort();
  await assert.rejects(Array.fromAsync(eventsFrom(lost.body ?? new ReadableStream())));
  const picked = await send("/run/stream?events=raw", { method: "POST", body: JSON.stringify(again) });
  go(session_id);
  const events = await Array.fromAsync(eventsFrom(picked.body ?? new ReadableStream()));
  assert.equal(events[0]?.data, '{"type":"test"}');
  assert.deepEqual([events.at(-1)?.event, events.at(-1)?.data.includes('"output":"kept"')], ["done", true]);
});

test("a run without a key is cancelled when its client hangs up, and asking again makes another", async () => {
  const session_id = randomUUID();
  const client = new AbortController();
  const lost = run({ prompt: "hold; answer hi", claude: { session_id } }, { signal: client.signal });
  const { id: runId } = await stromboli.job(session_id, "running");
  client.abort();
  await assert.rejects(lost, { name: "AbortError" });
  await until("its end", async () => (await show(runId)).outcome === "cancelled");
  const { body } = await run({ prompt: "answer hi", claude: { session_id, resume: true } });
  assert.equal(body.id === runId, false);
});
