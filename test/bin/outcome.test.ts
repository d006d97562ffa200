import assert from "node:assert/strict";
import { test } from "node:test";
import { exitCodeOf } from "../../bin/outcome.ts";

for (const [outcome, code] of [
  ["succeeded", 0],
  ["agent_error", 1],
  ["budget", 1],
  ["lost", 1],
  ["start_failed", 69],
  ["timed_out", 124],
  ["stalled", 124],
  ["cancelled", 130],
  ["oom_killed", 137],
  ["killed", 137],
  ["output_limit", 137],
] as const) {
  test(`a run that is ${outcome} ends the command with ${code}`, () => assert.equal(exitCodeOf(outcome), code));
}
