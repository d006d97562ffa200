import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";
import { test } from "node:test";
import { text } from "node:stream/consumers";
import { until } from "../e2e/wait.ts";
import { openDoor, responseTo, startApi } from "./harness.ts";

const tcp = { jobId: "run-2", handleHash: "00".repeat(32), demo: false, folder: undefined };

test("a door counts what passes, both ways and over all connections", async (t) => {
  const { url } = await startApi(t, (_, response) => response.end("x".repeat(10_000)));
  const { call, door } = await openDoor(t, { url });
  const before = door.traffic();
  await call({ body: "y".repeat(20_000) });
  const first = door.traffic();
  await call({ body: "y".repeat(20_000) });
  const twice = door.traffic();
  assert.equal(before, 0);
  assert.ok(first >= 30_000 && first < 40_000, String(first));
  assert.ok(twice >= 60_000 && twice < 80_000, String(twice));
});

test("what has passed stays counted when its connection is closed", async (t) => {
  const { url } = await startApi(t);
  const { call, door } = await openDoor(t, { url });
  await call({ headers: { connection: "close" }, body: "y".repeat(20_000) });
  await new Promise(setImmediate);
  assert.ok(door.traffic() >= 20_000, String(door.traffic()));
});

test("a door is busy from a request to the end of its answer", async (t) => {
  const { promise: opened, resolve } = Promise.withResolvers<ServerResponse>();
  const { url } = await startApi(t, (_, response) => {
    response.writeHead(200).flushHeaders();
    resolve(response);
  });
  const { begin, door } = await openDoor(t, { url });
  const seen = [door.isBusy()];
  const answer = await responseTo(begin().end("{}"));
  seen.push(door.isBusy());
  (await opened).end("done");
  await text(answer);
  await until("a door that is not busy", () => !door.isBusy());
  assert.deepEqual(seen, [false, true]);
});

test("a door is not busy with an agent that hung up", async (t) => {
  const { url } = await startApi(t, (_, response) => response.writeHead(200).flushHeaders());
  const { begin, door } = await openDoor(t, { url });
  const request = begin().end("{}");
  await responseTo(request);
  request.destroy();
  await until("a door that is not busy", () => !door.isBusy());
});

test("a door that is opened again has the port of before", async (t) => {
  const { url } = await startApi(t);
  const { broker } = await openDoor(t, { url });
  const first = await broker.open(tcp);
  await first.close();
  const second = await broker.open({ ...tcp, port: first.port });
  t.after(() => second.close());
  assert.equal(second.port, first.port);
});

test("a port that another has taken meanwhile is an error", async (t) => {
  const { url } = await startApi(t);
  const { broker } = await openDoor(t, { url });
  const server = createServer().listen(0);
  t.after(() => server.close());
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  await assert.rejects(broker.open({ ...tcp, port }), { code: "EADDRINUSE" });
});
