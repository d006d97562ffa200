import assert from "node:assert/strict";
import { test } from "node:test";
import { createMetrics } from "../../lib/metrics/metrics.ts";
import { Outcome } from "../../lib/schema/job.ts";

const timings = { queue: 20, create: 700, hooks: 0, agent: 8400, first_token: null };
const usage = {
  model: "claude",
  input_tokens: 10,
  output_tokens: 20,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 5,
  total_tokens: 35,
  estimated_cost_usd: 0.5,
};
const open = (jobs: Record<string, number> = {}) => {
  const { meter, text } = createMetrics({ version: "0.4.0", openJobs: () => jobs });
  /** The samples of a metric, without those of the buckets. */
  const samples = async (name: string) =>
    (await text()).split("\n").filter((line) => line.startsWith(name) && !line.includes("_bucket"));
  return { meter, text, samples };
};

/** Jobs that wait, and none at anything else. */
const told = (pending: number) => [
  `stromboli_jobs{state="pending"} ${pending}`,
  'stromboli_jobs{state="starting"} 0',
  'stromboli_jobs{state="running"} 0',
];

test("the version is told", async () => {
  assert.deepEqual(await open().samples("stromboli_info"), ['stromboli_info{version="0.4.0"} 1']);
});

test("jobs that have not ended are counted by state, those of which there are none as 0", async () => {
  const jobs: Record<string, number> = { pending: 3 };
  const { samples } = open(jobs);
  assert.deepEqual(await samples("stromboli_jobs{"), told(3));
  delete jobs["pending"];
  assert.deepEqual(await samples("stromboli_jobs{"), told(0));
});

test("every outcome stands at 0 before a job has ended in it", async () => {
  assert.deepEqual(
    await open().samples("stromboli_jobs_ended_total"),
    Outcome.options.map((outcome) => `stromboli_jobs_ended_total{outcome="${outcome}"} 0`),
  );
});

test("jobs that have ended are counted by outcome, with phases, tokens and cost", async () => {
  const { meter, samples } = open();
  meter.jobEnded({ outcome: "succeeded", timings, usage });
  meter.jobEnded({ outcome: "lost", timings, usage: null });
  assert.deepEqual(
    (await samples("stromboli_jobs_ended_total")).filter((line) => !line.endsWith(" 0")),
    ['stromboli_jobs_ended_total{outcome="succeeded"} 1', 'stromboli_jobs_ended_total{outcome="lost"} 1'],
  );
  assert.deepEqual((await samples("stromboli_job_phase_seconds_count")).length, 4); // there was no first token
  assert.deepEqual(await samples('stromboli_job_phase_seconds_sum{phase="agent"}'), [
    'stromboli_job_phase_seconds_sum{phase="agent"} 16.8',
  ]);
  assert.deepEqual(await samples("stromboli_tokens_total"), [
    'stromboli_tokens_total{kind="input"} 10',
    'stromboli_tokens_total{kind="output"} 20',
    'stromboli_tokens_total{kind="cache_creation"} 0',
    'stromboli_tokens_total{kind="cache_read"} 5',
  ]);
  assert.deepEqual(await samples("stromboli_cost_usd_total"), ["stromboli_cost_usd_total 0.5"]);
});

test("requests to the model are counted by status, with those that failed beside them", async () => {
  const { meter, samples } = open();
  meter.modelAnswered({ status: 529, firstByteMs: 250, durationMs: 500 });
  meter.modelFailed();
  assert.deepEqual(await samples("stromboli_model"), [
    'stromboli_model_request_seconds_sum{status="529"} 0.5',
    'stromboli_model_request_seconds_count{status="529"} 1',
    "stromboli_model_first_byte_seconds_sum 0.25",
    "stromboli_model_first_byte_seconds_count 1",
    "stromboli_model_failures_total 1",
  ]);
});

test("calls of podman and requests over HTTP are counted", async () => {
  const { meter, samples } = open();
  meter.podmanCalled({ verb: "run", failed: true, seconds: 0.5 });
  meter.httpAnswered({ method: "GET", route: "/jobs/:id", status: 404, seconds: 0.01 });
  assert.deepEqual(await samples("stromboli_podman_call_seconds_count"), [
    'stromboli_podman_call_seconds_count{verb="run",result="failed"} 1',
  ]);
  assert.deepEqual(await samples("stromboli_http_request_seconds_count"), [
    'stromboli_http_request_seconds_count{method="GET",route="/jobs/:id",status="404"} 1',
  ]);
});

test("the process and its event loop are told of", async () => {
  const text = await open().text();
  assert.match(text, /^process_resident_memory_bytes \d+/m);
  assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m);
});
