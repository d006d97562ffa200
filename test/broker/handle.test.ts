import assert from "node:assert/strict";
import { test } from "node:test";
import { createHandle, hashHandle, isHandle } from "../../lib/broker/handle.ts";

const handle = createHandle();

test("a handle is its own", () => assert.ok(isHandle(handle, hashHandle(handle))));

for (const [title, other] of [
  ["another handle", createHandle()],
  ["an empty one", ""],
  ["its own hash", hashHandle(handle)],
  ["a longer one", `${handle}a`],
] as const) {
  test(`a handle is not ${title}`, () => assert.equal(isHandle(other, hashHandle(handle)), false));
}

test("a handle has 256 random bits and fits into a header and a line", () => {
  assert.match(handle, /^stromboli-[A-Za-z0-9_-]{43}$/);
});
