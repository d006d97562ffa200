import assert from "node:assert/strict";
import { test } from "node:test";
import { moves } from "../../lib/jobs/state.ts";

const leaving = (state: string) =>
  Object.values(moves).filter(({ from }) => (from as readonly string[]).includes(state)); // states of one move are a narrower list

test("no move leaves the end", () => {
  assert.deepEqual(leaving("ended"), []);
});

for (const state of ["pending", "starting", "running"]) {
  test(`from ${state} the end can be reached`, () => {
    assert.ok(leaving(state).some(({ to }) => to === "ended"));
  });
}

for (const [move, from, to] of [
  ["claimed", ["pending"], "starting"],
  ["started", ["starting"], "running"],
] as const) {
  test(`a job that is ${move} goes from ${from.join(" or ")} to ${to}`, () => {
    assert.deepEqual(moves[move], { from, to });
  });
}
