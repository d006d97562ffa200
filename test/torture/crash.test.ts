import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { after, test } from "node:test";
import type { Lane } from "./crash-lane.ts";
import { kindsOf } from "./crash-points.ts";
import { createSeries, whole } from "./crash-series.ts";
import { makeStandIn } from "../e2e/stand-in.ts";
import { until } from "../e2e/wait.ts";

const config = { claude: { binary: makeStandIn({ after }) }, webhooks: { allow_private: true } };
const { lanes, series } = await createSeries({ after }, config);

test("a job ends once and as it must, at whatever step of its life the daemon is killed", async (t) => {
  const lines = `echo '{"step":1}'; echo warning >&2; echo '{"step":2}'`;
  const { points, faults, hits, share } = await series(
    {
      request: { prompt: `echo ran >> runs; ${lines}; answer done` },
      expected: { ...whole, outcome: "succeeded", exit_code: 0, output: "done", lines: 4 },
    },
    1,
  );
  t.diagnostic(`${points.length} points, killed at ${hits}`);
  assert.deepEqual(faults, []);
  assert.deepEqual(kindsOf(points), ["file", "podman", "sql"]);
  assert.ok(points.length > 40 && share > 0.8, `killed at ${hits} of ${points.length} points`);
});

test("so does a job that fails", async () => {
  const { faults, share } = await series(
    {
      request: { prompt: `echo ran >> runs; echo '{"step":1}'; exit 3` },
      expected: { ...whole, outcome: "agent_error", exit_code: 3, lines: 1 },
    },
    12,
  );
  assert.deepEqual(faults, []);
  assert.ok(share > 0.6);
});

test("a job that is cancelled ends as cancelled, at whatever step the daemon is killed", async () => {
  const { faults, share } = await series(
    {
      request: { prompt: "echo ran >> runs; hold" },
      act: {
        ready: (each, session) => until("the agent", () => existsSync(join(each.workspace(session), "begun"))),
        start: (each, job) => each.cancel(job),
      },
      expected: { ...whole, outcome: "cancelled", lines: 0 },
    },
    4,
  );
  assert.deepEqual(faults, []);
  assert.ok(share > 0.6);
});

test("a fork starts with all files of its session, at whatever step the daemon is killed", async () => {
  const sources = new Map<Lane, string>();
  for (const each of lanes) {
    const { body } = await each.run({
      prompt: "mkdir notes; for n in 1 2 3; do echo $n > notes/$n; done; answer done",
    });
    sources.set(each, String(body.session_id));
  }
  const { points, faults, share } = await series(
    {
      request: (each) => ({
        prompt: 'echo ran >> runs; answer "$(echo $(cat notes/*))"',
        claude: { session_id: sources.get(each), resume: true, fork_session: true },
      }),
      expected: { ...whole, outcome: "succeeded", exit_code: 0, output: "1 2 3" },
    },
    8,
  );
  assert.deepEqual(faults, []);
  assert.ok(points.some((point) => point.includes("file copy")));
  assert.ok(share > 0.6);
});

test("a webhook is delivered, at whatever step the daemon is killed", async () => {
  const told = new Set<string>();
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { job_id } = (await json(request)) as { job_id: string }; // what the daemon sends
    told.add(job_id);
    response.end();
  };
  const receiver = createServer((request, response) => void take(request, response));
  await once(receiver.listen(0, "127.0.0.1"), "listening");
  await using _ = { [Symbol.asyncDispose]: async () => void receiver.close() };
  const { port } = receiver.address() as AddressInfo; // TCP and listening: never null, never a pipe
  const { faults, share } = await series(
    {
      request: { prompt: "echo ran >> runs; answer done", webhook_url: `http://127.0.0.1:${port}/` },
      expected: { ...whole, outcome: "succeeded", output: "done", deliveries: 1 },
    },
    10,
  );
  assert.deepEqual(faults, []);
  const asked = lanes.map((each) => each.count("jobs where webhook_url is not null") ?? 0);
  assert.equal(
    told.size,
    asked.reduce((sum, count) => sum + count, 0),
  );
  assert.ok(share > 0.6);
});
