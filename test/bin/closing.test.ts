import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { closing, seconds } from "../../bin/closing.ts";
import { response } from "../daemon/harness.ts";

const line = (more: Partial<typeof response>) =>
  stripVTControlCharacters(closing({ ...response, ...more }, process.stderr));

test("a good run is closed with its time and its session", () => {
  assert.equal(line({}), `✔ succeeded in 0.0 s · session ${response.session_id}`);
});

test("tokens and cost are told when there are any", () => {
  const counts = { input_tokens: 1, output_tokens: 2, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const usage = { model: "m", ...counts, total_tokens: 3, estimated_cost_usd: 0.25 };
  assert.match(line({ usage }), / · 3 tokens · \$0\.2500 · session /);
});

test("a bad run is closed with its error on a line of its own", () => {
  assert.match(line({ outcome: "timed_out", error: "it took too long" }), /^it took too long\n✖ timed_out in /);
});

for (const [ms, text] of [
  [0, "0.0 s"],
  [1549, "1.5 s"],
  [12_400, "12 s"],
  [59_499, "59 s"],
  [61_000, "1 min 1 s"],
  [3_600_000, "60 min 0 s"],
] as const) {
  test(`${ms} ms are ${text}`, () => assert.equal(seconds(ms), text));
}

for (const [ms, text] of [
  [59_999, "1 min 0 s"],
  [119_999, "2 min 0 s"],
] as const) {
  test(`${ms} ms are ${text} and not sixty seconds`, () => assert.equal(seconds(ms), text));
}
