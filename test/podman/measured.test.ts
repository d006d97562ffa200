import assert from "node:assert/strict";
import { test } from "node:test";
import { measured } from "../../lib/podman/measured.ts";
import { createPodman } from "../../lib/podman/podman.ts";

const open = (binary: string) => {
  const calls: { verb: string; failed: boolean }[] = [];
  const podman = createPodman({ binary, env: {} });
  return {
    podman: measured(podman, { podmanCalled: ({ verb, failed }) => void calls.push({ verb, failed }) }),
    calls,
  };
};

test("a call is counted by its verb, and as failed when it exits with another code than 0", async () => {
  const [good, bad] = [open("/bin/true"), open("/bin/false")];
  await good.podman.call(["ps", "--all"]);
  await bad.podman.call(["inspect", "x"]);
  assert.deepEqual([good.calls, bad.calls], [[{ verb: "ps", failed: false }], [{ verb: "inspect", failed: true }]]);
});

test("output that does not come counts as one failed call", async () => {
  const { podman, calls } = open("/bin/false");
  await assert.rejects(podman.output(["info"]), { code: "podman_failed" });
  assert.deepEqual(calls, [{ verb: "info", failed: true }]);
});

test("a podman that is not there counts as failed", async () => {
  const { podman, calls } = open("/nowhere/podman");
  await assert.rejects(podman.call(["ps"]), { code: "podman_unusable" });
  assert.deepEqual(calls, [{ verb: "ps", failed: true }]);
});
