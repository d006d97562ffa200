import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import { failure, ok, warning, type Verdict } from "../../lib/doctor/finding.ts";
import { createWarnings } from "../../lib/doctor/warnings.ts";
import { createPodman } from "../../lib/podman/podman.ts";
import { configOf, memoryLog, tempFolder } from "../harness.ts";

/** Warnings of a daemon whose machine is as the test says at each look. */
const open = (t: TestContext, verdicts: () => Record<string, Verdict | Promise<Verdict>>, health = {}) => {
  const { log, lines } = memoryLog();
  const clock = t.mock.method(performance, "now", () => 0);
  let looks = 0;
  const podman = createPodman({ binary: "/nonexistent", env: {} });
  const warnings = createWarnings({
    config: configOf({ health }),
    env: {},
    podman,
    state: tempFolder(t),
    log,
    checksFor: () => {
      looks += 1;
      return { checks: Object.entries(verdicts()).map(([name, verdict]) => ({ name, look: () => verdict })) };
    },
  });
  const later = (ms: number) => clock.mock.mockImplementation(() => ms);
  return { warnings, lines, later, looks: () => looks };
};

const bad = { limits: warning("none hold", "boot anew"), image: failure("none", "set up"), disk: ok("room") };

test("before the first look there are no warnings, and of a look that the end of the daemon cut short nothing is told", async (t) => {
  const { warnings, lines } = open(t, () => bad);
  assert.deepEqual(warnings.latest(), []);
  await warnings[Symbol.asyncDispose]();
  assert.deepEqual(lines, []);
});

test("a look is told to all who ask for ten minutes, and what stays is logged once", async (t) => {
  const { warnings, lines, later, looks } = open(t, () => bad);
  warnings.look();
  while (warnings.latest().length === 0) await turn();
  assert.deepEqual(
    warnings.latest().map(({ name, remedy }) => [name, remedy]),
    [
      ["limits", "boot anew"],
      ["image", "set up"],
    ],
  );
  assert.equal(looks(), 1);
  later(600_000);
  warnings.latest();
  while (looks() < 2) await turn();
  await turn();
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? "", /"check":"limits","remedy":"boot anew","msg":"none hold"/);
});

test("what has been mended is gone after the next look, and who asks does not wait for it", async (t) => {
  let now: Record<string, Verdict | Promise<Verdict>> = { limits: bad.limits };
  const { warnings, later } = open(t, () => now);
  warnings.look();
  while (warnings.latest().length === 0) await turn();
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  now = { limits: promise };
  later(600_000);
  assert.equal(warnings.latest().length, 1);
  resolve(ok("fine"));
  while (warnings.latest().length > 0) await turn();
});

test("with health.look_every off nobody looks, neither at the start nor when asked", async (t) => {
  const { warnings, looks } = open(t, () => bad, { look_every: "off" });
  warnings.look();
  assert.deepEqual(warnings.latest(), []);
  await warnings[Symbol.asyncDispose]();
  assert.equal(looks(), 0);
});
