import assert from "node:assert/strict";
import { test } from "node:test";
import { requestSpan } from "../../lib/traces/request-span.ts";
import type { Answered } from "../../lib/traces/traces.ts";

const answered: Answered = {
  method: "GET",
  route: "/jobs/:id",
  path: "/jobs/job-1",
  via: "unix",
  status: 200,
  requestId: "r",
  job: undefined,
};
const times = {
  place: { traceId: "a".repeat(32), spanId: "b".repeat(16), flags: 1, state: "" },
  parent: undefined,
  startMs: 1,
  endMs: 2,
};
const spanOf = (more: Partial<Answered> = {}) => requestSpan(times, { ...answered, ...more });

test("a request is named by its method and route, and says by convention what it was", () => {
  const { name, kind, attributes } = spanOf({ job: "run-1" });
  assert.deepEqual([name, kind], ["GET /jobs/:id", "server"]);
  assert.deepEqual(attributes, {
    "http.request.method": "GET",
    "http.route": "/jobs/:id",
    "http.response.status_code": 200,
    "url.scheme": "http",
    "url.path": "/jobs/job-1",
    "network.transport": "unix",
    "stromboli.request.id": "r",
    "stromboli.job.id": "run-1",
  });
});

test("a path that is none of ours is not told", () => {
  const { name, attributes } = spanOf({ route: undefined, path: "/token-in-the-wrong-place", status: 404 });
  assert.equal(name, "GET");
  assert.doesNotMatch(JSON.stringify(attributes), /wrong/);
});

test("a method that nobody knows is not told", () => {
  const { name, attributes } = spanOf({ method: "other", route: undefined });
  assert.deepEqual([name, attributes["http.request.method"]], ["HTTP", "_OTHER"]);
});

for (const [status, failed] of [
  [404, false],
  [429, false],
  [500, true],
  [503, true],
] as const) {
  test(`a server's span with status ${status} has ${failed ? "failed" : "not failed"}`, () =>
    assert.equal(spanOf({ status }).failed, failed));
}
