import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { makeStandIn } from "./stand-in.ts";

const stromboli = await startStromboli({ after }, { config: { claude: { binary: makeStandIn({ after }) } } });
const { send, submit, ended } = stromboli;

const job = await ended(String((await submit({ prompt: "answer hi" })).body.job_id));
const missing = "job-0123456789abcdef";

const refusals: [method: string, path: string, status: number, code: string, headers?: Record<string, string>][] = [
  ["GET", `/jobs/${missing}`, 404, "job_not_found"],
  ["DELETE", `/jobs/${missing}`, 404, "job_not_found"],
  ["GET", `/jobs/${missing}/events`, 404, "job_not_found"],
  ["GET", `/jobs/${missing}/logs`, 404, "job_not_found"],
  ["GET", "/jobs/..%2F..%2Fetc%2Fpasswd", 404, "job_not_found"],
  ["GET", "/jobs/..%2F..%2Fetc%2Fpasswd/logs", 404, "job_not_found"],
  ["GET", "/jobs/%00/events", 404, "job_not_found"],
  ["GET", `/jobs/${job.id}/nothing`, 404, "not_found"],
  ["DELETE", `/jobs/${job.id}`, 409, "job_ended"],
  ["GET", "/jobs?status=done", 400, "invalid_request"],
  ["GET", "/jobs?status=", 400, "invalid_request"],
  ["GET", "/jobs?limit=0", 400, "invalid_request"],
  ["GET", "/jobs?limit=501", 400, "invalid_request"],
  ["GET", "/jobs?limit=1e2", 400, "invalid_request"],
  ["GET", "/jobs?cursor=x", 400, "invalid_request"],
  ["GET", "/jobs?cursor=0", 400, "invalid_request"],
  ["GET", "/jobs?label=a%20b", 400, "invalid_request"],
  ["GET", "/jobs?label=%22", 400, "invalid_request"],
  ["GET", "/jobs?id=job-xyz", 400, "invalid_request"],
  ["GET", "/jobs?sesion_id=x", 400, "invalid_request"],
  ["GET", "/jobs?limit=1&limit=2", 400, "invalid_request"],
  ["GET", `/jobs/${job.id}/events?after=-1`, 400, "invalid_request"],
  ["GET", `/jobs/${job.id}/events?after=x`, 400, "invalid_request"],
  ["GET", `/jobs/${job.id}/events?follow=maybe`, 400, "invalid_request"],
  ["GET", `/jobs/${job.id}/events?before=1`, 400, "invalid_request"],
  ["GET", `/jobs/${job.id}/logs?stream=stdin`, 400, "invalid_request"],
  ["GET", `/jobs/${job.id}/logs?strem=stdout`, 400, "invalid_request"],
  ["GET", `/jobs/${job.id}/logs`, 416, "range_not_satisfiable", { range: "bytes=999999-" }],
  ["GET", "/run/stream", 400, "invalid_request"],
  ["GET", "/run/stream?prompt=", 400, "invalid_request"],
  ["GET", "/run/stream?prompt=hi&promt=hi", 400, "invalid_request"],
  ["GET", "/run/stream?prompt=hi&resume=perhaps", 400, "invalid_request"],
];
for (const [method, path, status, code, headers = {}] of refusals) {
  test(`${method} ${path} is refused with ${status} ${code}`, async () => {
    const response = await send(path, { method, headers });
    const body = (await response.json()) as Record<string, unknown>;
    assert.deepEqual([response.status, body["code"], body["id"], body["status"]], [status, code, "", "error"]);
    assert.ok(String(body["error"]).length > 0 && String(body["request_id"]).length > 0);
  });
}

const requests = [
  [400, "invalid_request", { prompt: "" }],
  [400, "invalid_request", { prompt: "hi", priority: 101 }],
  [400, "invalid_request", { prompt: "hi", priority: 1.5 }],
  [400, "invalid_request", { prompt: "hi", idempotency_key: "" }],
  [400, "invalid_request", { prompt: "hi", idempotency_key: "a key" }],
  [400, "invalid_request", { prompt: "hi", webhook_url: "ftp://example.com/" }],
  [400, "invalid_request", { prompt: "hi", webhook_url: "http://user:word@example.com/" }],
  [400, "invalid_request", { prompt: "hi", webhook_url: "http://169.254.169.254/latest" }],
  [400, "invalid_request", { prompt: "hi", labels: { "": "x" } }],
  [400, "invalid_request", { prompt: "hi", podman: { environment: { type: "compose" } } }],
  [403, "volume_not_allowed", { prompt: "hi", podman: { volumes: ["/etc:/data:ro"] } }],
  [404, "image_not_found", { prompt: "hi", podman: { image: "localhost/missing" } }],
  [404, "session_not_found", { prompt: "hi", claude: { session_id: crypto.randomUUID(), resume: true } }],
  [409, "session_exists", { prompt: "hi", claude: { session_id: job.session_id } }],
] as const;
for (const [status, code, request] of requests) {
  test(`POST /run/async refuses ${JSON.stringify(request)} with ${status} ${code}, and there is no job`, async () => {
    const before = stromboli.count("jobs");
    const answer = await submit(request);
    const { id, status: word, error } = answer.body;
    assert.deepEqual([answer.status, answer.body.code, id, word], [status, code, "", "error"]);
    assert.ok(String(error).length > 0);
    assert.equal(stromboli.count("jobs"), before);
  });
}

test("an Idempotency-Key that is none is refused", async () => {
  const { status, body } = await submit({ prompt: "hi" }, { "idempotency-key": "a key" });
  assert.deepEqual([status, body.code], [400, "invalid_request"]);
});

test("an idempotency key that differs between header and body is refused", async () => {
  const { status, body } = await submit({ prompt: "hi", idempotency_key: "one" }, { "idempotency-key": "two" });
  assert.deepEqual([status, body.code, body.id], [400, "invalid_request", ""]);
});

for (const path of ["/run", "/run/stream"]) {
  test(`a webhook_url is refused by ${path}, which answers by itself`, async () => {
    const body = JSON.stringify({ prompt: "hi", webhook_url: "https://hooks.example/" });
    const response = await send(path, { method: "POST", body });
    const { code, error } = (await response.json()) as { code: string; error: string };
    assert.deepEqual([response.status, code], [400, "invalid_request"]);
    assert.match(error, /\/run\/async/);
  });
}
