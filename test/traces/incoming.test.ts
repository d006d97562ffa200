import assert from "node:assert/strict";
import { test } from "node:test";
import { headersOf, variablesOf } from "../../lib/traces/trace.ts";
import { untraced } from "../../lib/traces/traces.ts";

const [traceId, spanId] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];

/** What is passed on of what came, without traces of our own. */
const passedOn = async (traceparent?: string, tracestate?: string) => {
  const { job } = await untraced.begin({ traceparent, tracestate });
  return job && headersOf(job);
};

for (const traceparent of [`00-${traceId}-${spanId}-01`, `00-${traceId}-${spanId}-00`, `00-${traceId}-${spanId}-03`]) {
  test(`without traces a caller's is passed on as it is: ${traceparent}`, async () => {
    assert.deepEqual(await passedOn(traceparent, "a=1,b=2"), { traceparent, tracestate: "a=1,b=2" });
  });
}

test("of a version to come, what is known of it is passed on", async () => {
  const traceparent = `00-${traceId}-${spanId}-01`;
  assert.deepEqual(await passedOn(`cc-${traceId}-${spanId}-01-more`), { traceparent });
});

for (const [what, traceparent] of [
  ["nonsense", "nonsense"],
  ["an empty one", ""],
  ["one in capitals", `00-${traceId.toUpperCase()}-${spanId}-01`],
  ["one whose trace is zeros", `00-${"0".repeat(32)}-${spanId}-01`],
  ["one whose span is zeros", `00-${traceId}-${"0".repeat(16)}-01`],
  ["one that is too long for its version", `00-${traceId}-${spanId}-01-more`],
  ["one of the version that is none", `ff-${traceId}-${spanId}-01`],
  ["one with a line behind it", `00-${traceId}-${spanId}-01\nLD_PRELOAD=x`],
] as const) {
  test(`a traceparent that is malformed is none: ${what}`, async () => {
    assert.equal(await passedOn(traceparent, "a=1"), undefined);
  });
}

test("what is malformed in a tracestate is left out of it", async () => {
  assert.equal((await passedOn(`00-${traceId}-${spanId}-01`, "a=1,nonsense,\u0000=2"))?.["tracestate"], "a=1");
});

test("a tracestate alone is none", async () => assert.equal(await passedOn(undefined, "a=1"), undefined));

test("a process is told by its environment", () => {
  const trace = { traceId, parentSpanId: "b".repeat(16), spanId, flags: 1, state: "a=1" };
  assert.deepEqual(variablesOf(trace), { TRACEPARENT: `00-${traceId}-${spanId}-01`, TRACESTATE: "a=1" });
});
