import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test, type TestContext } from "node:test";
import { endOf, follow, type FollowOptions, type JobEvent } from "../../bin/follow.ts";
import { answering, hangUp, jobId, json, quick, randomFrom, streamOf, type Received } from "./harness.ts";

const path = `GET /jobs/${jobId}/events`;
const done: JobEvent = { id: 301, type: "done", data: JSON.stringify({ id: jobId, outcome: "succeeded" }) };
const line = (id: number): JobEvent => ({ id, type: "output", data: `line ${id} é 🦊 ${"x".repeat(id % 50)}` });
const events: readonly JobEvent[] = [...Array.from({ length: 300 }, (_, index) => line(index + 1)), done];
const lastId = ({ headers }: Received): number => Number(headers["last-event-id"]);

/** A job with events; `send` is given what is left of them for one connection. */
const harness = async (t: TestContext, send: (rest: Buffer, response: ServerResponse) => void) => {
  const { client, requests, ...more } = await answering(t, {
    [path]: (request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      send(streamOf(events.slice(lastId(request))), response);
    },
  });
  return {
    ...more,
    asked: () => requests.map(lastId),
    requests,
    follow: (options: FollowOptions = {}) => follow(client, jobId, { ...quick, ...options }),
    endOf: () => endOf(client, jobId, quick),
  };
};

const whole = (rest: Buffer, response: ServerResponse): void => void response.end(rest);

/** Ends the first connections somewhere, some with an error and some without, and then sends all. */
const cutting = (times: number, random: () => number) => {
  let left = times;
  return (rest: Buffer, response: ServerResponse): void => {
    left -= 1;
    if (left < 0) return whole(rest, response);
    const part = rest.subarray(0, Math.floor(random() * Math.min(rest.length, 500)));
    if (random() < 0.5) response.end(part);
    else response.write(part, () => response.destroy());
  };
};

test("the events of a job come in order, with the end last", async (t) => {
  const { follow: read, asked } = await harness(t, whole);
  assert.deepEqual(await Array.fromAsync(read()), events);
  assert.deepEqual(asked(), [0]);
});

for (const seed of [1, 2, 3]) {
  test(`a connection that breaks a hundred times anywhere loses no event and doubles none, seed ${seed}`, async (t) => {
    const { follow: read, asked } = await harness(t, cutting(100, randomFrom(seed)));
    assert.deepEqual(await Array.fromAsync(read()), events);
    assert.equal(asked().length, 101);
    assert.deepEqual(
      asked(),
      asked().toSorted((one, other) => one - other),
    );
  });
}

test("there is nothing behind the end of a job", async (t) => {
  const { client } = await answering(t, { [path]: (_, response) => void response.writeHead(204).end() });
  assert.deepEqual(await Array.fromAsync(follow(client, jobId, { after: 301, ...quick })), []);
});

test("it goes on behind a given event", async (t) => {
  const { follow: read, asked } = await harness(t, whole);
  assert.deepEqual(await Array.fromAsync(read({ after: 299 })), events.slice(299));
  assert.deepEqual(asked(), [299]);
});

test("what is not live ends with what is there, and says so to the daemon", async (t) => {
  const { follow: read, requests } = await harness(t, (_, response) => void response.end(streamOf(events.slice(0, 5))));
  assert.deepEqual(await Array.fromAsync(read({ live: false })), events.slice(0, 5));
  assert.deepEqual(
    requests.map(({ path: asked }) => asked),
    [`/jobs/${jobId}/events?follow=false`],
  );
});

test("what is not live goes on when its connection breaks", async (t) => {
  let cuts = 0;
  const { follow: read } = await harness(t, (rest, response) => {
    cuts += 1;
    if (cuts > 3) return whole(rest, response);
    response.write(rest.subarray(0, 400), () => response.destroy());
  });
  assert.deepEqual(await Array.fromAsync(read({ live: false })), events);
});

test("an event that came before is not shown again, whatever the daemon sends", async (t) => {
  let times = 0;
  const { follow: read } = await harness(t, (rest, response) => {
    times += 1;
    response.end(times === 1 ? streamOf(events.slice(0, 10)) : Buffer.concat([streamOf(events.slice(5, 10)), rest]));
  });
  assert.deepEqual(await Array.fromAsync(read()), events);
});

test("it is told when the connection is lost and when there is one again", async (t) => {
  const told: boolean[] = [];
  const { follow: read } = await harness(t, cutting(1, randomFrom(1)));
  await Array.fromAsync(read({ onConnection: (up) => void told.push(up) }));
  assert.deepEqual(told, [true, false, true]);
});

test("a daemon that does not come back in time is given up, with what to do", async (t) => {
  const { follow: read, stop } = await harness(t, (_, response) => {
    response.end(streamOf(events.slice(0, 2)));
    stop();
  });
  const seen: JobEvent[] = [];
  const reading = async () => {
    for await (const event of read({ giveUpAfterMs: 30 })) seen.push(event);
  };
  await assert.rejects(reading(), {
    name: "Failure",
    exitCode: 69,
    message: `the connection to the daemon is lost; the run goes on, follow it with: stromboli attach ${jobId}`,
  });
  assert.deepEqual(seen, events.slice(0, 2));
});

test("a daemon that is about to stop counts as gone, and one that has come back does not", async (t) => {
  const statuses = [503, 502, 504];
  const { client } = await answering(t, {
    [path]: (_, response) => {
      const status = statuses.shift();
      if (status === undefined) response.writeHead(200).end(streamOf([done]));
      else json(response, { error: "shutting down", code: "shutting_down" }, status);
    },
  });
  assert.deepEqual(await Array.fromAsync(follow(client, jobId, quick)), [done]);
});

test("what the daemon refuses is not tried again", async (t) => {
  const { client, requests } = await answering(t, {});
  await assert.rejects(Array.fromAsync(follow(client, jobId, quick)), {
    name: "Failure",
    exitCode: 1,
    message: /no such/,
  });
  assert.equal(requests.length, 1);
});

test("who leaves is not kept by a silent stream", async (t) => {
  const { promise: opened, resolve } = Promise.withResolvers<void>();
  const { follow: read } = await harness(t, (_, response) => {
    response.flushHeaders();
    resolve();
  });
  const leave = new AbortController();
  const reading = Array.fromAsync(read({ signal: leave.signal }));
  await opened;
  leave.abort();
  await assert.rejects(reading);
});

test("who leaves is not kept by the wait for a daemon that is gone", async (t) => {
  const leave = new AbortController();
  const { client } = await answering(t, { [path]: hangUp });
  const reading = Array.fromAsync(
    follow(client, jobId, { firstPauseMs: 30_000, signal: leave.signal, onConnection: () => leave.abort() }),
  );
  await assert.rejects(reading, { name: "AbortError" });
});

test("the end of a job is its last event", async (t) => {
  const { endOf: wait } = await harness(t, cutting(3, randomFrom(4)));
  assert.deepEqual(await wait(), { id: jobId, outcome: "succeeded" });
});
