import assert from "node:assert/strict";
import { after, test } from "node:test";
import { eventsFrom } from "../../lib/client/sse.ts";
import { JobResponse, RunResponse } from "../../lib/schema/job.ts";
import { startStromboli } from "./harness.ts";

const stromboli = await startStromboli({ after });
const { stream, run } = stromboli;

const get = async (query: URLSearchParams) => {
  const { body } = await stromboli.send(`/run/stream?${query.toString()}`);
  return body ? Array.fromAsync(eventsFrom(body)) : [];
};

test("a stream gives the lines of the answer, then the result as done", async () => {
  const { status, headers, events } = await stream({ prompt: "say: one\nsay: two", labels: { a: "b" }, priority: 2 });
  assert.deepEqual([status, headers.get("x-accel-buffering")], [200, "no"]);
  assert.match(headers.get("content-type") ?? "", /^text\/event-stream/);
  assert.deepEqual(events.slice(0, -1), [
    { event: "message", data: "one" },
    { event: "message", data: "two" },
  ]);
  const last = events.at(-1);
  const { outcome, output } = RunResponse.parse(JSON.parse(last?.data ?? ""));
  assert.deepEqual([last?.event, outcome, output], ["done", "succeeded", "one\ntwo"]);
  const job = JobResponse.parse(JSON.parse(last?.data ?? ""));
  assert.deepEqual([job.priority, job.labels], [2, { a: "b" }]);
  assert.deepEqual(job, await stromboli.show(job.id));
});

test("a stream can be had with GET, on a session and with a model of one's choice", async () => {
  const query = new URLSearchParams({ prompt: "say: one & two", model: "claude-haiku-4-5" });
  const first = await get(query);
  const { session_id, usage } = JobResponse.parse(JSON.parse(first.at(-1)?.data ?? ""));
  assert.deepEqual([first[0]?.data, usage?.model], ["one & two", "claude-haiku-4-5"]);
  const second = await get(new URLSearchParams({ prompt: "recall", session_id, resume: "true", events: "raw" }));
  const types = second.slice(0, -1).map(({ data }) => (JSON.parse(data) as { type: string }).type);
  assert.deepEqual([types[0], types.at(-1)], ["system", "result"]);
  assert.equal(JobResponse.parse(JSON.parse(second.at(-1)?.data ?? "")).output, "say: one & two");
});

test("a stream gives the raw lines with output_format stream-json, with include_partial_messages piece by piece", async () => {
  const claude = { output_format: "stream-json" as const, include_partial_messages: true };
  const { events } = await stream({ prompt: "slow 5 20", claude });
  const types = events.slice(0, -1).map(({ data }) => (JSON.parse(data) as { type: string }).type);
  assert.deepEqual([types[0], types.includes("assistant"), types.at(-1)], ["system", true, "result"]);
  assert.equal(events.at(-1)?.event, "done");
  const deltas = events.filter(({ data }) => data.includes('"text_delta"'));
  assert.ok(deltas.length >= 5, `${deltas.length} pieces`);
});

test("a run that fails ends its stream with done as well", async () => {
  const { status, events } = await stream({ prompt: "fail 400" });
  const { outcome } = RunResponse.parse(JSON.parse(events.at(-1)?.data ?? ""));
  assert.deepEqual([status, events.at(-1)?.event, outcome], [200, "done", "api_error"]);
});

const refusals = [
  [400, "invalid_request", { prompt: "" }],
  [404, "image_not_found", { prompt: "hello", podman: { image: "localhost/missing" } }],
  [403, "volume_not_allowed", { prompt: "hello", podman: { volumes: ["/etc:/data:ro"] } }],
] as const;
for (const [status, code, request] of refusals) {
  test(`what is refused with ${status} is refused before the stream begins`, async () => {
    const response = await stromboli.follow(request);
    const body = (await response.json()) as { code: string; status: string };
    assert.deepEqual([response.status, body.code, body.status], [status, code, "error"]);
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
  });
}

test("a stream and a run at the same time do not mix, and line ends of every kind keep their text", async () => {
  const [one, two] = await Promise.all([stream({ prompt: "a\u2028b\u0085c" }), run({ prompt: "say: two" })]);
  assert.deepEqual([one.events[0]?.data, two.body.output], ["echo: a\u2028b\u0085c", "two"]);
});
