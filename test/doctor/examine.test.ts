import assert from "node:assert/strict";
import { test } from "node:test";
import { examine, worstOf } from "../../lib/doctor/examine.ts";
import { failure, ok, warning, type Check } from "../../lib/doctor/finding.ts";

const breaking = () => {
  throw new Error("no such thing");
};

test("checks are told in their order, those that find nothing are left out, and one that breaks harms no other", async () => {
  const checks: Check[] = [
    { name: "a", look: () => Promise.resolve(ok("fine")) },
    { name: "b", look: breaking },
    { name: "c", look: () => undefined },
    { name: "d", look: () => warning("odd", "mend it") },
  ];
  const found = await Array.fromAsync(examine(checks));
  assert.deepEqual(
    found.map(({ name, status }) => `${name} ${status}`),
    ["a ok", "b failure", "d warning"],
  );
  assert.equal(found[1]?.message, "this could not be looked at: no such thing");
});

test("a machine is as its worst finding", () => {
  const findings = [ok("x"), warning("x", "y"), failure("x", "y")].map((verdict) => ({ name: "n", ...verdict }));
  assert.deepEqual([findings, findings.slice(0, 2), findings.slice(0, 1), []].map(worstOf), [
    "failure",
    "warning",
    "ok",
    "ok",
  ]);
});
