import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Hono } from "hono";
import { trace } from "../../daemon/middleware/trace.ts";
import type { Variables } from "../../daemon/middleware/request.ts";
import { loadTraces } from "../../daemon/traces.ts";
import { untraced } from "../../lib/traces/traces.ts";
import { configOf, memoryLog, openStores } from "../harness.ts";
import { openApp } from "./harness.ts";

const load = async (t: TestContext, endpoint: string, env: NodeJS.ProcessEnv = {}) => {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const { log } = memoryLog();
  return loadTraces({ ...openStores(t), config: configOf({ traces: { endpoint } }), env, log }, stack);
};

const receiver = "http://127.0.0.1:9";

for (const [what, endpoint, env, on] of [
  ["by themselves", "auto", {}, false],
  ["where OpenTelemetry's own variable names a receiver", "auto", { OTEL_EXPORTER_OTLP_ENDPOINT: receiver }, true],
  ["where the one for traces does", "auto", { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver}/x` }, true],
  ["where the configuration does", receiver, { OTEL_SDK_DISABLED: "true" }, true],
  ["where the configuration says off", "off", { OTEL_EXPORTER_OTLP_ENDPOINT: receiver }, false],
  ["where the variable is empty", "auto", { OTEL_EXPORTER_OTLP_ENDPOINT: " " }, false],
  ["where the SDK is disabled", "auto", { OTEL_EXPORTER_OTLP_ENDPOINT: receiver, OTEL_SDK_DISABLED: "true" }, false],
  [
    "where no exporter is wanted",
    "auto",
    { OTEL_EXPORTER_OTLP_ENDPOINT: receiver, OTEL_TRACES_EXPORTER: "none" },
    false,
  ],
] as const) {
  test(`traces are ${on ? "on" : "off"} ${what}`, async (t) => {
    assert.equal((await load(t, endpoint, env)) !== untraced, on);
  });
}

test("a variable that is no address refuses the start", async (t) => {
  await assert.rejects(load(t, "auto", { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }), {
    code: "config_invalid",
    message: /^OTEL_EXPORTER_OTLP_ENDPOINT is no http or https URL/,
  });
});

test("of traces that begin here, as many are sent as the ratio says", async (t) => {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const config = configOf({ traces: { endpoint: receiver, ratio: 0 } });
  const traces = await loadTraces({ ...openStores(t), config, env: {}, log: memoryLog().log }, stack);
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  assert.equal((await traces.begin({})).job?.flags, 0);
  assert.equal((await traces.begin({ traceparent })).job?.flags, 1);
});

const headersOf = (digit: string) => ({
  traceparent: `00-${digit.repeat(32)}-${"b".repeat(16)}-01`,
  "idempotency-key": "k",
});

test("questions after the daemon's health stand in no trace", async () => {
  const traced: string[] = [];
  const end = ({ path }: { path: string }) => void traced.push(path);
  const app = new Hono<Variables>().use(trace({ begin: async () => ({ job: undefined, end }) }));
  app.get("*", (c) => c.text("ok"));
  const listener = { via: "unix", peer: "" } as const;
  for (const path of ["/health", "/healthz", "/readyz", "/jobs"])
    assert.equal((await app.request(path, {}, listener)).status, 200);
  assert.deepEqual(traced, ["/jobs"]);
});

test("a job knows the trace of the request that made it, and a repeated one is no other", async (t) => {
  const { start, deps } = openApp(t);
  const [id, repeated] = [await start({}, headersOf("1")), await start({}, headersOf("2"))];
  assert.equal(repeated, id);
  assert.equal(deps.jobTraces.find(id)?.traceId, "1".repeat(32));
});

test("a traceparent that is malformed keeps no run from being begun", async (t) => {
  const { start, deps } = openApp(t);
  assert.equal(deps.jobTraces.find(await start({}, { traceparent: "nonsense" })), undefined);
});
