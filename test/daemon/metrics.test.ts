import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { loadMetrics } from "../../daemon/metrics.ts";
import { configOf, memoryLog } from "../harness.ts";
import { openApp } from "./harness.ts";

const open = async (t: TestContext, listen: string) => {
  const { log, lines } = memoryLog();
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const config = configOf({ metrics: { listen } });
  const metrics = await loadMetrics({ config, log, jobs: { openByState: () => ({ running: 2 }) } }, stack);
  await metrics.listen();
  const url = /"url":"([^"]+)"/.exec(lines.join("\n"))?.[1] ?? "";
  return { ...metrics, lines, url };
};

test("metrics are told in Prometheus' format, on a listener of their own", async (t) => {
  const { url, meter } = await open(t, "127.0.0.1:0");
  meter.modelFailed();
  const answer = await fetch(url);
  assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const text = await answer.text();
  assert.match(text, /^stromboli_jobs\{state="running"\} 2$/m);
  assert.match(text, /^stromboli_model_failures_total 1$/m);
});

test("there is nothing else there", async (t) => {
  const { url } = await open(t, "127.0.0.1:0");
  assert.equal((await fetch(url.replace("/metrics", "/jobs"))).status, 404);
});

test("a page of another site learns nothing of it", async (t) => {
  const { url } = await open(t, "127.0.0.1:0");
  assert.equal((await fetch(url, { headers: { origin: "https://evil.example" } })).status, 403);
});

test("an address that is taken is told of, and keeps no daemon from running", async (t) => {
  const other = createServer().listen(0, "127.0.0.1");
  t.after(() => other.close());
  await once(other, "listening");
  const { lines } = await open(t, `127.0.0.1:${(other.address() as AddressInfo).port}`); // TCP and listening: never null
  assert.match(lines.join("\n"), /EADDRINUSE.*set metrics\.listen/);
});

test("by itself nothing is counted, and nothing listens", async (t) => {
  const { url, meter } = await open(t, "off");
  meter.modelFailed();
  assert.equal(url, "");
});

for (const [request, route] of [
  [{ path: "/jobs/job-0000000000000000?x=1" }, ["GET", "/jobs/:id", 404]],
  [{ path: "/images/a/b:c" }, ["GET", "/images/:name", 404]],
  [{ path: "/nowhere/at/all" }, ["GET", "none", 404]],
  [{ path: "/healthz", method: "BREW" }, ["other", "none", 404]],
] as const) {
  test(`a request is counted by its route, not by its path: ${request.path}`, async (t) => {
    const { call, answered } = openApp(t);
    await call(request.path, "method" in request ? { method: request.method } : {});
    const [one] = answered;
    assert.deepEqual([one?.method, one?.route, one?.status], route);
  });
}
