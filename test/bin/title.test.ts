import assert from "node:assert/strict";
import { test } from "node:test";
import { shownTitle } from "../../bin/title.ts";
import { titleOf } from "../../lib/title.ts";

test("a title that the daemon cut ends with …", () => {
  const title = titleOf("x".repeat(200));
  assert.equal(shownTitle(title), `${title}…`);
});

test("a title that is a whole prompt stays as it is", () => {
  assert.equal(shownTitle(titleOf("x".repeat(79))), "x".repeat(79));
});
