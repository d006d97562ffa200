import assert from "node:assert/strict";
import { test } from "node:test";
import { errorCodes, exitCodeOf, messageOf, StromboliError } from "../lib/errors.ts";

test("a code decides on status, exit code and what to do", () => {
  const error = new StromboliError("session_in_use", "another run is using session s");
  assert.deepEqual(
    [error.status, error.exitCode, error.message],
    [409, 1, "another run is using session s; try again when that run has ended"],
  );
});

test("every code has a status of HTTP's and an exit code that is a failure", () => {
  const odd = errorCodes.filter((code) => {
    const { status, exitCode } = new StromboliError(code, "x");
    return status < 400 || status > 599 || exitCode < 1 || exitCode > 125;
  });
  assert.deepEqual(odd, []);
});

test("what caused an error is kept", () => {
  const cause = new Error("inner");
  assert.equal(new StromboliError("internal", "x", { cause }).cause, cause);
});

for (const code of ["of_a_later_version", "toString", "__proto__", ""]) {
  test(`an unknown code is a plain failure: ${JSON.stringify(code)}`, () => assert.equal(exitCodeOf(code), 1));
}

test("anything that was thrown has a text", () => {
  assert.deepEqual([new Error("a"), "b", undefined, { c: 1 }].map(messageOf), [
    "a",
    "b",
    "undefined",
    "[object Object]",
  ]);
});
