import assert from "node:assert/strict";
import { test } from "node:test";
import { openStores } from "../harness.ts";

test("what was found in an image is remembered by its id", (t) => {
  const { images } = openStores(t);
  images.remember("sha256:a", "musl", 1);
  assert.deepEqual([images.libcOf("sha256:a"), images.libcOf("sha256:b")], ["musl", undefined]);
});

test("an image may be looked into again", (t) => {
  const { images } = openStores(t);
  images.remember("sha256:a", "none", 1);
  images.remember("sha256:a", "glibc", 2);
  assert.equal(images.libcOf("sha256:a"), "glibc");
});
