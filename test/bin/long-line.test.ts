import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test, type TestContext } from "node:test";
import type { JobEvent } from "../../bin/follow.ts";
import { lineOf, pointerOf } from "../../bin/long-line.ts";
import { answering, hangUp, jobId, quick, randomFrom, type Received } from "./harness.ts";

const text = `"${"é🦊".repeat(200_000)}"`;
const log = Buffer.from(`before\n${text}\nafter\n`);
const place = { start: 7, end: 7 + Buffer.byteLength(text) + 1 };
const pointing = (more: object = {}): JobEvent => ({
  id: 4,
  type: "output",
  data: JSON.stringify({
    type: "stromboli_long_line",
    stream: "stdout",
    ...place,
    bytes: place.end - place.start,
    ...more,
  }),
});

/** The bytes that a request asks for. */
const rangeOf = ({ headers }: Received): [number, number] => {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
  return [Number(from), Number(to)];
};

/** A job with a log; `send` is given what was asked of it. */
const harness = async (t: TestContext, send: (part: Buffer, response: ServerResponse) => void) => {
  const { client, requests } = await answering(t, {
    [`GET /jobs/${jobId}/logs`]: (request, response) => {
      const [from, to] = rangeOf(request);
      response.writeHead(206);
      send(log.subarray(from, to + 1), response);
    },
  });
  return { requests, lineOf: (event: JobEvent) => lineOf(client, jobId, { event, ...quick }) };
};

test("a long line is fetched from where its event points to, without its line feed", async (t) => {
  const { lineOf: read, requests } = await harness(t, (part, response) => void response.end(part));
  assert.equal((await read(pointing())) === text, true);
  assert.deepEqual(
    requests.map((request) => [request.path, ...rangeOf(request)]),
    [[`/jobs/${jobId}/logs?stream=stdout`, place.start, place.end - 1]],
  );
});

test("a long line that is the last one may have no line feed", async (t) => {
  const { lineOf: read } = await harness(t, (part, response) => void response.end(part));
  assert.equal((await read(pointing({ end: place.end - 1 }))) === text, true);
});

test("a long line whose fetching breaks off again and again is whole in the end", async (t) => {
  const random = randomFrom(7);
  const { lineOf: read, requests } = await harness(t, (part, response) => {
    const piece = part.subarray(0, Math.floor(random() * 200_000));
    if (piece.length === part.length) response.end(part);
    else response.write(piece, () => response.destroy());
  });
  assert.equal((await read(pointing())) === text, true);
  assert.ok(requests.length > 5, `${requests.length} requests`);
});

test("a place that the log does not have leaves the event as it is", async (t) => {
  const { client } = await answering(t, {});
  const event = pointing({ end: 1e12 });
  assert.equal(await lineOf(client, jobId, { event, ...quick }), event.data);
});

test("a daemon that does not come back is given up in the middle of a long line", async (t) => {
  const { client } = await answering(t, { [`GET /jobs/${jobId}/logs`]: hangUp });
  await assert.rejects(lineOf(client, jobId, { event: pointing(), ...quick, giveUpAfterMs: 20 }), {
    name: "Failure",
    exitCode: 69,
  });
});

for (const [title, event] of [
  ["another line", { id: 4, type: "output", data: '{"type":"result"}' }],
  ["a line that only begins like one", { id: 4, type: "output", data: '{"type":"stromboli_long_line",' }],
  ["one to a stream that is not its own", pointing({ stream: "stderr" })],
  ["one that ends before it begins", pointing({ end: 0 })],
  ["one without a place", pointing({ start: null, end: null })],
] as const) {
  test(`${title} is no pointer`, () => assert.equal(pointerOf(event), undefined));
}

test("a pointer of an error goes to stderr", () => {
  assert.deepEqual(pointerOf({ ...pointing({ stream: "stderr" }), type: "stderr" }), { stream: "stderr", ...place });
});
