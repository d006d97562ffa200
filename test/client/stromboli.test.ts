import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test, type TestContext } from "node:test";
import { ClientError, Stromboli, type RunEvent } from "../../lib/client/stromboli.ts";
import { listen, quick } from "../bin/harness.ts";
import { openApp } from "../daemon/harness.ts";

const line = (text: string) =>
  `${JSON.stringify({ type: "assistant", message: { content: [{ type: "text", text }] } })}\n`;

/** A client of the real app, over TCP; its agents end by themselves. */
const open = async (t: TestContext, options: Parameters<typeof openApp>[1] = {}) => {
  const app = openApp(t, options);
  const url = await app.listen();
  return { ...app, url, stromboli: new Stromboli({ url }) };
};

/** The events of a run as far as one of a kind. */
const upTo = async (events: AsyncGenerator<RunEvent>, kind: RunEvent["kind"]) => {
  for await (const event of events) if (event.kind === kind) return event;
  throw new Error(`the run had no ${kind}`);
};

test("a run gives the job as it ended", async (t) => {
  const { stromboli } = await open(t);
  const { outcome, output, labels } = await stromboli.run({ prompt: "hi", labels: { a: "b" } });
  assert.deepEqual([outcome, output, labels], ["succeeded", "done", { a: "b" }]);
});

test("a stream begins with the job, tells what the agent says, and ends with the job as it ended", async (t) => {
  const { stromboli, submitted } = await open(t, { output: `${line("one")}${line("two")}` });
  const events = await Array.fromAsync(stromboli.stream({ prompt: "hi" }));
  const said = events.flatMap((event) => (event.kind === "text" ? [event.text] : []));
  const [first, last] = [events[0], events.at(-1)];
  assert.deepEqual([first?.kind, said, last?.kind], ["begun", ["one", "two"], "done"]);
  assert.equal(first?.kind === "begun" && last?.kind === "done" && first.job === last.job.id, true);
  assert.equal(submitted.length, 1);
});

test("a run stands in the trace that its caller tells", async (t) => {
  const { stromboli, submitted } = await open(t);
  const place = `00-${"a".repeat(32)}-${"b".repeat(16)}`;
  await stromboli.run({ prompt: "hi" }, { traceparent: `${place}-01`, tracestate: "x=1" });
  const { traceId, parentSpanId, state } = submitted[0]?.trace ?? {};
  assert.deepEqual([`00-${traceId}-${parentSpanId}`, state], [place, "x=1"]);
});

test("who leaves a stream cancels the run", async (t) => {
  const { stromboli } = await open(t, { ends: false });
  const begun = await upTo(stromboli.stream({ prompt: "hi" }), "begun");
  assert.ok(begun.kind === "begun");
  assert.equal((await stromboli.jobs.get(begun.job)).outcome, "cancelled");
});

test("an abort cancels the run and is what the call ends with", async (t) => {
  const { stromboli } = await open(t, { ends: false });
  const leaving = new AbortController();
  const events = stromboli.stream({ prompt: "hi" }, { signal: leaving.signal });
  const { value: begun } = await events.next();
  leaving.abort(new Error("enough"));
  await assert.rejects(Array.fromAsync(events), { message: "enough" });
  assert.ok(begun?.kind === "begun");
  assert.equal((await stromboli.jobs.get(begun.job)).outcome, "cancelled");
});

test("the same key is the same job", async (t) => {
  const { stromboli, submitted } = await open(t);
  const options = { idempotencyKey: "once" };
  const jobs = [await stromboli.jobs.submit({ prompt: "hi" }, options), await stromboli.run({ prompt: "hi" }, options)];
  assert.equal(new Set(jobs.map((job) => ("id" in job ? job.id : job.job_id))).size, 1);
  assert.equal(submitted.length, 2);
});

test("jobs are listed over all pages, newest first", async (t) => {
  const { stromboli } = await open(t);
  const made: string[] = [];
  for (const prompt of ["a", "b", "c"]) made.push((await stromboli.run({ prompt })).id);
  const listed = await Array.fromAsync(stromboli.jobs.list({ limit: "2" }));
  assert.deepEqual(
    listed.map(({ id }) => id),
    made.toReversed(),
  );
});

test("the log of a job is what its agent printed", async (t) => {
  const { stromboli } = await open(t, { output: line("one") });
  const { id } = await stromboli.run({ prompt: "hi" });
  assert.equal(await stromboli.jobs.log(id), line("one"));
});

test("what the daemon refuses is an error with its code, status, id and places", async (t) => {
  const { stromboli } = await open(t);
  const refused = await stromboli.run({ prompt: "" }).catch((error: unknown) => error);
  assert.ok(refused instanceof ClientError);
  assert.deepEqual([refused.code, refused.status, refused.details[0]?.path], ["invalid_request", 400, "prompt"]);
  assert.match(refused.requestId ?? "", /^[0-9a-f-]{36}$/);
});

test("a job that is not there is job_not_found", async (t) => {
  const { stromboli } = await open(t);
  await assert.rejects(stromboli.jobs.get("job-0000000000000000"), { name: "ClientError", code: "job_not_found" });
});

test("sessions are listed, read and removed", async (t) => {
  const { stromboli } = await open(t);
  const { session_id: id } = await stromboli.run({ prompt: "hi" });
  assert.deepEqual((await stromboli.sessions.list()).sessions, [id]);
  assert.deepEqual(await Array.fromAsync(stromboli.sessions.messages(id)), []);
  assert.deepEqual(await stromboli.sessions.remove(id), { success: true, session_id: id });
});

test("a token is sent along", async (t) => {
  const { url, apiTokens } = await open(t, { auth: { required: "always" } });
  const { token } = apiTokens.create({ name: "ci", scopes: ["read"] });
  assert.deepEqual(await Array.fromAsync(new Stromboli({ url, token }).jobs.list()), []);
  await assert.rejects(Array.fromAsync(new Stromboli({ url }).jobs.list()), { code: "unauthorized", status: 401 });
});

test("an answer that is none of the daemon's is said to be one, with how it begins", async (t) => {
  const { socketPath } = await listen(t, (_, response) => void response.writeHead(404).end("<html>a proxy"));
  const stromboli = new Stromboli({ url: `unix://${socketPath}` });
  await assert.rejects(stromboli.health(), { code: "unexpected_answer", status: 404, message: /<html>a proxy/ });
});

test("a run is waited for over a daemon that stops and comes back", async (t) => {
  const ended = JSON.stringify({ id: "job-1", outcome: "succeeded", output: "hi" });
  const answers = [
    (response: ServerResponse) => response.write("id: 1\nevent: status\ndata: {}\n\n", () => response.destroy()),
    (response: ServerResponse) => response.writeHead(503).end(JSON.stringify({ error: "", code: "shutting_down" })),
    (response: ServerResponse) => response.end(`id: 2\nevent: done\ndata: ${ended}\n\n`),
  ];
  const asked: unknown[] = [];
  const { socketPath } = await listen(t, (request, response) => {
    if (request.method === "POST") response.end(JSON.stringify({ job_id: "job-1", session_id: "s" }));
    else answers[asked.push(request.headers["last-event-id"]) - 1]?.(response);
  });
  const stromboli = new Stromboli({ url: `unix://${socketPath}` });
  assert.equal((await stromboli.run({ prompt: "hi" }, quick)).output, "hi");
  assert.deepEqual(asked, ["0", "1", "1"]);
});
