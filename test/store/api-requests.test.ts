import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiRequest } from "../../lib/store/api-requests.ts";
import { newJob, openStores } from "../harness.ts";

const requestOf = (jobId: string, more: Partial<ApiRequest> = {}): ApiRequest => ({
  jobId,
  startedAt: 1000,
  path: "/v1/messages",
  model: "m",
  status: 200,
  inputTokens: 1,
  outputTokens: 2,
  cacheCreationInputTokens: 3,
  cacheReadInputTokens: 4,
  firstByteMs: 50,
  durationMs: 100,
  ...more,
});

test("the requests of a job add up, those of others do not", (t) => {
  const { jobs, requests } = openStores(t);
  const [job, other] = [newJob(), newJob()];
  [job, other].forEach((each) => jobs.insert(each));
  requests.insert(requestOf(job.id));
  requests.insert(requestOf(job.id, { inputTokens: 10, model: "" }));
  requests.insert(requestOf(other.id, { inputTokens: 1000 }));
  assert.deepEqual(requests.totals(job.id), {
    model: "m",
    input_tokens: 11,
    output_tokens: 4,
    cache_creation_input_tokens: 6,
    cache_read_input_tokens: 8,
    total_tokens: 29,
  });
});

test("a job without requests has no totals", (t) => {
  const { requests } = openStores(t);
  assert.deepEqual([requests.totals("x"), requests.firstTokenAt("x")], [undefined, null]);
});

test("the first token comes with the first good answer", (t) => {
  const { jobs, requests } = openStores(t);
  const job = newJob();
  jobs.insert(job);
  requests.insert(requestOf(job.id, { startedAt: 100, firstByteMs: 5, status: 529 }));
  requests.insert(requestOf(job.id, { startedAt: 3000, firstByteMs: 40 }));
  requests.insert(requestOf(job.id, { startedAt: 2000, firstByteMs: 30 }));
  assert.equal(requests.firstTokenAt(job.id), 2030);
});

test("a request belongs to a job that is there", (t) => {
  const { requests } = openStores(t);
  assert.throws(() => requests.insert(requestOf("nobody")), { code: "SQLITE_CONSTRAINT_FOREIGNKEY" });
});
