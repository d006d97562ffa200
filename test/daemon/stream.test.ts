import assert from "node:assert/strict";
import { test } from "node:test";
import { localCaller } from "../../lib/auth/caller.ts";
import { eventsFrom, type ServerEvent } from "../../lib/client/sse.ts";
import { StromboliError } from "../../lib/errors.ts";
import { JobResponse } from "../../lib/schema/job.ts";
import { until } from "../e2e/wait.ts";
import { jobOf } from "../jobs/containers.ts";
import { fixtureLines } from "../harness.ts";
import { resultLine } from "../jobs/harness.ts";
import { openApp } from "./harness.ts";

const post = (body: object) => ({ method: "POST", body: JSON.stringify({ prompt: "hi", ...body }) });
const says = (text: string) =>
  `${JSON.stringify({ type: "assistant", message: { content: [{ type: "text", text }] } })}\n`;
const message = (data: string) => ({ event: "message", data });

const eventsOf = (text: string) => Array.fromAsync(eventsFrom(new Blob([text]).stream()));

/** The events of a stream that has ended well, without the last one. */
const linesOf = async (text: string): Promise<ServerEvent[]> => {
  const events = await eventsOf(text);
  const done = events.pop();
  assert.equal(done?.event, "done");
  assert.equal(JobResponse.parse(JSON.parse(done.data)).status, "completed");
  return events;
};

test("the lines of the answer are events, and the report is the last one", async (t) => {
  const { call, views } = openApp(t, { output: says("one\n\ntwo") + says("three") + resultLine });
  const { status, headers, text } = await call("/run/stream", post({}));
  assert.deepEqual(
    [status, headers.get("content-type"), headers.get("x-accel-buffering")],
    [200, "text/event-stream; charset=utf-8", "no"],
  );
  assert.deepEqual(await linesOf(text), ["one", "", "two", "three"].map(message));
  const report = JSON.parse((await eventsOf(text)).at(-1)?.data ?? "") as JobResponse; // what the stream promises
  assert.deepEqual(report, await views.job(report.id));
});

for (const [title, path, body] of [
  ["when the format asks for them", "/run/stream", { claude: { output_format: "stream-json" } }],
  ["when the query asks for them", "/run/stream?events=raw", {}],
] as const) {
  test(`the raw lines are events ${title}`, async (t) => {
    const { call } = openApp(t, { output: `${fixtureLines("tool-use").join("\n")}\n` });
    const { text } = await call(path, post(body));
    assert.deepEqual(await linesOf(text), fixtureLines("tool-use").map(message));
  });
}

test("events have line feeds and a space behind data:", async (t) => {
  const { text } = await openApp(t, { output: says("one") + resultLine }).call("/run/stream", post({}));
  assert.match(text, /^data: one\n\nevent: done\ndata: \{.*\}\n\n$/);
});

test("stderr is no part of the answer", async (t) => {
  const { call, fake, write } = openApp(t, { ends: false, output: says("one") + resultLine });
  fake.state.onStart = (spec) => {
    const id = jobOf(spec);
    write(id, "oops\n", "stderr");
    fake.exit(id, 0);
  };
  const { text } = await call("/run/stream?events=raw", post({}));
  assert.deepEqual(await linesOf(text), [says("one").trimEnd(), resultLine.trimEnd()].map(message));
});

test("an event is there before the run has ended", async (t) => {
  const { send, jobs, fake, write } = openApp(t, { ends: false, output: "" });
  const answer = await send("/run/stream", post({}));
  const events = eventsFrom(answer.body ?? new Blob([]).stream());
  const { id } = await until("a job that runs", () => jobs.open().find(({ state }) => state === "running"));
  write(id, says("early"));
  assert.deepEqual((await events.next()).value, message("early"));
  fake.exit(id, 0);
  assert.equal((await events.next()).value?.event, "done");
});

test("a run that fails under way ends with the error, in the one shape", async (t) => {
  const { call, fake } = openApp(t);
  fake.state.startsWith = 125;
  const { text } = await call("/run/stream", { ...post({}), headers: { "x-request-id": "r" } });
  const [event, ...more] = await eventsOf(text);
  const { error, ...rest } = JSON.parse(event?.data ?? "") as Record<string, unknown>; // the one error shape
  assert.match(String(error), /^Podman could not start the container: /);
  assert.deepEqual(
    [event?.event, rest, more],
    ["error", { id: "", status: "error", code: "start_failed", request_id: "r" }, []],
  );
});

test("a bug under way ends with an error that says nothing", async (t) => {
  const { call } = openApp(t, { ended: () => Promise.reject(new TypeError("SECRET")) });
  const { text } = await call("/run/stream", post({}));
  assert.deepEqual([text.includes("SECRET"), text.includes('"internal"')], [false, true]);
});

test("a stream that the daemon's end cuts short ends with the error", async (t) => {
  const { send, jobs, runner } = openApp(t, { ends: false });
  const answer = await send("/run/stream", post({}));
  const text = answer.text();
  await until("a job that runs", () => jobs.open()[0]?.state === "running");
  await runner.drain();
  const [event] = await eventsOf(await text).then((events) => events.slice(-1));
  assert.deepEqual([event?.event, JSON.parse(event?.data ?? "").code], ["error", "shutting_down"]);
});

test("a run that is cancelled is done as cancelled", async (t) => {
  const { send, jobs, runner } = openApp(t, { ends: false, output: "" });
  const answer = await send("/run/stream", post({}));
  const text = answer.text();
  await until("a job that runs", () => jobs.open()[0]?.state === "running");
  await runner.cancel(localCaller, jobs.open()[0]?.id ?? "");
  const [event] = await eventsOf(await text);
  assert.deepEqual([event?.event, JSON.parse(event?.data ?? "").outcome], ["done", "cancelled"]);
});

test("what is refused is refused with its status and no stream", async (t) => {
  const { call } = openApp(t, { submit: () => Promise.reject(new StromboliError("session_in_use", "busy")) });
  const { status, headers } = await call("/run/stream", post({}));
  assert.deepEqual([status, headers.get("content-type")], [409, "application/json"]);
});

for (const [title, path, body] of [
  ["a bad body", "/run/stream", { promt: 1 }],
  ["a bad query", "/run/stream?events=all", {}],
] as const) {
  test(`${title} is 400 and no stream`, async (t) => {
    assert.equal((await openApp(t).call(path, post(body))).status, 400);
  });
}

test("a line of many megabytes comes whole, in events of at most 1 MiB", async (t) => {
  const large = "é".repeat(3_000_000);
  const { text } = await openApp(t, { output: says(large) + resultLine }).call("/run/stream", post({}));
  const sizes = text.split("\n\n").map((event) => Buffer.byteLength(event));
  assert.ok(Math.max(...sizes) <= 1_048_576, String(sizes));
  const pieces = (await linesOf(text)).map(({ data }) => data);
  assert.ok(pieces.join("") === large);
});

test("a character is not cut in two where a long line is", async (t) => {
  const large = `a${"🦊".repeat(600_000)}`;
  const { text } = await openApp(t, { output: says(large) + resultLine }).call("/run/stream", post({}));
  const pieces = (await linesOf(text)).map(({ data }) => data);
  assert.ok(pieces.length > 1 && pieces.join("") === large);
});

test("a raw line above 1 MB is a pointer into the log of its job", async (t) => {
  const { call } = openApp(t, { output: says("a".repeat(3_000_000)) + resultLine });
  const { text } = await call("/run/stream?events=raw", post({}));
  const [event] = await linesOf(text);
  const { type, job_id, stream, start, bytes } = JSON.parse(event?.data ?? "") as Record<string, unknown>; // as it was written
  assert.deepEqual([type, stream, start], ["stromboli_long_line", "stdout", 0]);
  assert.match(String(job_id), /^run-/);
  assert.ok(Number(bytes) > 3_000_000);
});

test("a carriage return in the text does not break an event", async (t) => {
  const { text } = await openApp(t, { output: says("50%\r100%") + resultLine }).call("/run/stream", post({}));
  assert.deepEqual(await linesOf(text), [message("50%\n100%")]);
});
