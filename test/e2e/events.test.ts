import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after }, { config: { claude: { binary: makeStandIn({ after }) } } });
const { submit, show, ended, events, openEvents, logOf } = stromboli;

const mebibyte = 1_048_576;

const begin = async (prompt: string, session_id = randomUUID()) => {
  const { body } = await submit({ prompt, claude: { session_id } });
  return { id: String(body.job_id), go: () => writeFileSync(join(stromboli.workspace(session_id), "go"), "") };
};

/** A stream's bytes as text, without comments, to its end. */
const textOf = async (id: string, query = "") => {
  const text = await (await openEvents(id, { query })).text();
  return text.replaceAll(/^:.*\n\n/gm, "");
};

test("what an agent writes to stderr is events as well, and a log of its own", async () => {
  const { id } = await begin("echo out; sleep 0.3; echo oops >&2; echo again >&2; sleep 0.3; answer hi");
  const all = (await events(id)).filter(({ event }) => event === "output" || event === "stderr");
  assert.deepEqual(
    all.slice(0, 3).map(({ event, data }) => [event, data]),
    [
      ["output", "out"],
      ["stderr", "oops"],
      ["stderr", "again"],
    ],
  );
  assert.equal(String(await logOf(id, "?stream=stderr")), "oops\nagain\n");
});

test("a replay has the same bytes as the stream had that was followed from the first moment", async () => {
  const { id, go } = await begin(
    'i=0; until [ -e go ]; do i=$((i+1)); echo "{\\"line\\": $i, \\"é\\": \\"\u2028\\"}"; echo $i >&2; sleep 0.02; done; answer hi',
  );
  const live = textOf(id);
  const late = until("some events", async () => (await events(id, { query: "?follow=false" })).length > 30).then(() =>
    textOf(id),
  );
  await until("more events", async () => (await events(id, { query: "?follow=false" })).length > 60);
  go();
  const texts = await Promise.all([live, late]);
  const replay = await textOf(id);
  assert.deepEqual([texts[0] === replay, texts[1] === replay], [true, true]);
  assert.ok(replay.split("\n\n").length > 60);
  await stromboli.end("SIGTERM");
  await stromboli.start();
  assert.equal(await textOf(id), replay, "after a restart");
});

test("a stream begins behind the event that is named, in the query or in Last-Event-ID, the header first", async () => {
  const { id } = await begin("echo 4; echo 5; echo 6; answer hi");
  await ended(id);
  const first = async (options: object) => (await events(id, options)).at(0)?.id;
  assert.equal(await first({}), "1");
  assert.equal(await first({ query: "?after=0" }), "1");
  assert.equal(await first({ query: "?after=4" }), "5");
  assert.equal(await first({ lastEventId: 5 }), "6");
  assert.equal(await first({ lastEventId: 5, query: "?after=2" }), "6");
  assert.equal(await first({ query: "?after=8" }), undefined);
  assert.equal(await first({ query: "?after=9007199254740991" }), undefined);
});

test("without follow a stream ends with what is there now", async () => {
  const { id, go } = await begin("echo one; hold; answer hi");
  const lines = async (query: string) => (await events(id, { query })).filter(({ event }) => event === "output");
  await until("a line", async () => (await lines("?follow=false")).length === 1);
  const soFar = await events(id, { query: "?follow=false" });
  go();
  assert.deepEqual(
    soFar.map(({ event }) => event),
    ["status", "status", "status", "output"],
  );
  assert.deepEqual((await events(id)).slice(0, 4), soFar);
});

test("lines that are empty, not JSON, not UTF-8 or without an end are events like others", async () => {
  const { id } = await begin("echo; printf 'not JSON\\n\\n\\377\\n'; answer hi; printf end");
  const lines = (await events(id)).filter(({ event }) => event === "output").map(({ data }) => data);
  assert.deepEqual([...lines.slice(0, 4), lines.at(-1)], ["", "not JSON", "", "\ufffd", "end"]);
  assert.equal((await show(id)).outcome, "succeeded");
});

const long = (character: string, bytes: number) => `head -c ${bytes} /dev/zero | tr '\\0' ${character}; echo`;

test("a line above 1 MB is a pointer to its place in the log, and no event is above 1 MiB", async () => {
  const { id } = await begin(
    `echo first; ${long("a", 2_500_000)}; ${long("b", 900_000)}; { ${long("c", 1_100_000)}; } >&2; answer hi`,
  );
  await ended(id);
  const frames = (await textOf(id)).split("\n\n");
  assert.ok(Math.max(...frames.map((frame) => Buffer.byteLength(frame))) < mebibyte);
  const all = await events(id);
  const [first, pointer, short] = all.filter(({ event }) => event === "output").map(({ data }) => data);
  assert.deepEqual([first, short], ["first", "b".repeat(900_000)]);
  const { type, stream, start, end, bytes } = JSON.parse(pointer ?? "") as Record<string, unknown>;
  assert.deepEqual([type, stream, start, bytes], ["stromboli_long_line", "stdout", 6, Number(end) - 6]);
  const range = `bytes=${String(start)}-${Number(end) - 1}`;
  const line = await stromboli.send(`/jobs/${id}/logs`, { headers: { range } });
  assert.deepEqual([line.status, (await line.text()) === `${"a".repeat(2_500_000)}\n`], [206, true]);
  const [wide] = all
    .filter(({ event }) => event === "stderr")
    .map(({ data }) => JSON.parse(data) as { stream: string });
  assert.equal(wide?.stream, "stderr");
});

test("an answer that is too long for an event is left out of the last one, and is in the job", async () => {
  const { id } = await begin("answer \"$(head -c 1200000 /dev/zero | tr '\\0' a)\"");
  const last = (await events(id)).at(-1);
  const { output, output_truncated } = JSON.parse(last?.data ?? "") as Record<string, unknown>;
  assert.deepEqual([last?.event, output, output_truncated], ["done", "", true]);
  assert.equal((await show(id)).output.length, 1_200_000);
});

test("a stream tells each line as it comes, and its head keeps proxies from holding it back", async () => {
  const { id, go } = await begin("echo early; hold; answer hi");
  const { status, headers, body } = await openEvents(id);
  await body?.cancel();
  assert.equal(status, 200);
  assert.match(headers.get("content-type") ?? "", /^text\/event-stream/);
  assert.deepEqual([headers.get("cache-control"), headers.get("x-accel-buffering")], ["no-cache", "no"]);
  for await (const { data } of stromboli.eventsAsTheyCome(id)) if (data === "early") break;
  assert.equal(existsSync(join(stromboli.workspace((await show(id)).session_id), "go")), false); // it came before the end
  go();
  assert.equal((await ended(id)).outcome, "succeeded");
});
