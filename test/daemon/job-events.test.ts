import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventsFrom, type ServerEvent } from "../../lib/client/sse.ts";
import { until } from "../e2e/wait.ts";
import { resultLine } from "../jobs/harness.ts";
import { openApp } from "./harness.ts";

const eventsOf = (text: string) => Array.fromAsync(eventsFrom(new Blob([text]).stream()));
const brief = ({ id, event, data }: ServerEvent) => `${id} ${event} ${event === "status" ? JSON.parse(data).status : event === "done" ? "" : data.trimEnd()}`.trimEnd(); // prettier-ignore

const output = `a\nb\n${resultLine}`;
const whole = ["1 status pending", "2 status starting", "3 status running", "4 output a", "5 output b", `6 output ${resultLine.trimEnd()}`, "7 done"]; // prettier-ignore

/** A job that has ended, and its events as asked for. */
const openEnded = async (t: TestContext) => {
  const place = openApp(t, { output });
  const id = await place.start();
  await place.runner.ended(id);
  return {
    ...place,
    id,
    events: async (query = "", headers: Record<string, string> = {}) => {
      const { status, text } = await place.call(`/jobs/${id}/events${query}`, { headers });
      assert.equal(status, 200);
      return (await eventsOf(text)).map(brief);
    },
  };
};

test("all of a job that has ended is replayed, as one stream of numbered events", async (t) => {
  const { call, id, events } = await openEnded(t);
  const { headers, text } = await call(`/jobs/${id}/events`);
  assert.deepEqual(
    [headers.get("content-type"), headers.get("cache-control"), headers.get("x-accel-buffering")],
    ["text/event-stream; charset=utf-8", "no-cache", "no"],
  );
  assert.match(text, /^id: 1\nevent: status\ndata: \{"status":"pending","at":"[^"]+"\}\n\nid: 2\n/);
  assert.deepEqual(await events(), whole);
});

test("done has the job as GET has it", async (t) => {
  const { call, json, id } = await openEnded(t);
  const done = (await eventsOf((await call(`/jobs/${id}/events`)).text)).at(-1);
  assert.deepEqual(JSON.parse(done?.data ?? ""), (await json(`/jobs/${id}`)).body);
});

for (const after of [0, 1, 3, 5, 6]) {
  test(`behind number ${after} come the events after it, whichever way it is said`, async (t) => {
    const { events } = await openEnded(t);
    const wanted = whole.slice(after);
    assert.deepEqual(await events(`?after=${after}`), wanted);
    assert.deepEqual(await events("", { "Last-Event-ID": String(after) }), wanted);
  });
}

for (const after of [7, 8, 99]) {
  test(`behind number ${after} of a job that has ended there is nothing: 204, at which a browser stops coming back`, async (t) => {
    const { call, id } = await openEnded(t);
    const answers = [
      await call(`/jobs/${id}/events?after=${after}`),
      await call(`/jobs/${id}/events`, { headers: { "Last-Event-ID": String(after) } }),
      await call(`/jobs/${id}/events?after=${after}&follow=false`),
    ];
    assert.deepEqual(answers.map(({ status, text }) => [status, text]), [[204, ""], [204, ""], [204, ""]]); // prettier-ignore
  });
}

test("a number behind the end of a job that goes on is no end", async (t) => {
  const { start, call, jobs, fake } = openApp(t, { ends: false, output: "" });
  const id = await start();
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  const { status, text } = await call(`/jobs/${id}/events?after=99&follow=false`);
  assert.deepEqual([status, text], [200, ""]);
  fake.exit(id, 0);
});

test("the number of the header goes before the one of the query, which a browser repeats when it comes back", async (t) => {
  const { events } = await openEnded(t);
  assert.deepEqual(await events("?after=1", { "Last-Event-ID": "5" }), whole.slice(5));
});

for (const header of ["", "x", "-1", "1.5", "1e3", "9999999999999999"]) {
  test(`a Last-Event-ID that is none of ours counts as nothing known: ${JSON.stringify(header)}`, async (t) => {
    const { events } = await openEnded(t);
    assert.deepEqual(await events("", { "Last-Event-ID": header }), whole);
  });
}

for (const query of ["after=-1", "after=x", "after=", "after=1.5", "follow=no", "follow", "from=1"]) {
  test(`GET /jobs/ID/events?${query} is 400 and no stream`, async (t) => {
    const { json, id } = await openEnded(t);
    const { status, headers, body } = await json(`/jobs/${id}/events?${query}`);
    assert.deepEqual([status, headers.get("content-type"), body["code"]], [400, "application/json", "invalid_request"]);
  });
}

test("without following, the stream of a job that goes on ends with what is there", async (t) => {
  const { start, call, jobs, write, fake } = openApp(t, { ends: false, output: "" });
  const id = await start();
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  write(id, "a\n");
  const read = async () => (await eventsOf((await call(`/jobs/${id}/events?follow=false`)).text)).map(brief);
  await until("the line", async () => (await read()).length === 4);
  assert.deepEqual(await read(), [...whole.slice(0, 3), "4 output a"]);
  fake.exit(id, 0);
});

test("a job is followed from its wait to its end, over a real connection", async (t) => {
  const { listen, start, jobs, write, fake } = openApp(t, { ends: false, output: "", jobs: { max_running: 1 } });
  const url = await listen();
  const first = await start();
  const id = await start();
  const answer = await fetch(`${url}/jobs/${id}/events?follow=true`);
  const events = eventsFrom(answer.body ?? new Blob([]).stream());
  const next = async () => brief((await events.next()).value ?? { event: "", data: "" });
  const seen = [await next()];
  fake.exit(first, 0);
  seen.push(await next(), await next());
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  write(id, "a\n");
  seen.push(await next());
  write(id, `b\n${resultLine}`);
  seen.push(await next(), await next());
  fake.exit(id, 0);
  seen.push(await next());
  assert.deepEqual(seen, whole);
  assert.equal((await events.next()).done, true);
});

test("a job that is cancelled while it waits is done for who follows it", async (t) => {
  const { start, send, json, fake } = openApp(t, { ends: false, jobs: { max_running: 1 } });
  const [first, id] = [await start(), await start()];
  const text = (await send(`/jobs/${id}/events`)).text();
  await json(`/jobs/${id}`, { method: "DELETE" });
  const events = await eventsOf(await text);
  assert.deepEqual(events.map(brief), ["1 status pending", "2 done"]);
  assert.equal(JSON.parse(events[1]?.data ?? "").outcome, "cancelled");
  fake.exit(first, 0);
});

test("when the daemon stops the stream ends without done, and goes on at the next one", async (t) => {
  const { start, send, call, jobs, runner, write, fake, ...place } = openApp(t, { ends: false, output: "" });
  const id = await start();
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  const text = (await send(`/jobs/${id}/events`)).text();
  write(id, "a\n");
  await until("the line", async () => (await place.eventsOf(id, { follow: false })).length === 4);
  await runner.drain();
  const seen = (await eventsOf(await text)).map(brief);
  assert.deepEqual(seen, [...whole.slice(0, 3), "4 output a"]);

  const next = place.next();
  await next.recover();
  write(id, `b\n${resultLine}`);
  fake.exit(id, 0);
  await next.ended(id);
  const rest = (await eventsOf((await call(`/jobs/${id}/events`, { headers: { "Last-Event-ID": "4" } })).text)).map(
    brief,
  );
  assert.deepEqual([...seen, ...rest], whole);
});

test("a carriage return makes no event of its own", async (t) => {
  const { start, call, runner } = openApp(t, { output: `50%\r100%\r\n${resultLine}` });
  const id = await start();
  await runner.ended(id);
  const { text } = await call(`/jobs/${id}/events?after=3`);
  assert.ok(text.startsWith("id: 4\nevent: output\ndata: 50%\ndata: 100%\ndata: \n\nid: 5\n"), text.slice(0, 100));
});
