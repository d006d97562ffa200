import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { kernelSawOom } from "../../lib/podman/kernel-log.ts";

test("the kernel's log tells nothing of a container that never was, whether it may be read or not", () => {
  assert.equal(kernelSawOom(randomBytes(32).toString("hex")), false);
});
