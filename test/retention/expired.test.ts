import assert from "node:assert/strict";
import { test } from "node:test";
import { expiredOf } from "../../lib/retention/sessions.ts";

const measured = (lastUsedAt: number, bytes: number) => ({ id: `${lastUsedAt}`, lastUsedAt, bytes });
const five = [1, 2, 3, 4, 5].map((at) => measured(at, 10));

for (const [title, rule, expected] of [
  ["without a rule none", { before: -Infinity, limit: Infinity }, []],
  ["those before a moment", { before: 3, limit: Infinity }, ["1", "2"]],
  ["those beyond a size", { before: -Infinity, limit: 25 }, ["1", "2", "3"]],
  ["none that fit exactly", { before: -Infinity, limit: 50 }, []],
  ["both", { before: 2, limit: 40 }, ["1"]],
] as const) {
  test(`of sessions expire ${title}`, () => {
    assert.deepEqual(
      expiredOf(five, rule).map(({ id }) => id),
      expected,
    );
  });
}

test("a session that is larger than the limit expires alone", () => {
  const sessions = [measured(1, 10), measured(2, 1000), measured(3, 10)];
  assert.deepEqual(expiredOf(sessions, { before: -Infinity, limit: 50 }), [measured(2, 1000)]);
});
