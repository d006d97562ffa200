import assert from "node:assert/strict";
import { test } from "node:test";
import { openStores } from "../harness.ts";

test("what was found in an image is remembered by its id", (t) => {
  const { images } = openStores(t);
  images.remember("sha256:a", { libc: "musl", tools: ["sh", "git"] }, 1);
  assert.deepEqual(
    [images.find("sha256:a"), images.find("sha256:b")],
    [{ libc: "musl", tools: ["sh", "git"] }, undefined],
  );
});

test("an image may be looked into again", (t) => {
  const { images } = openStores(t);
  images.remember("sha256:a", { libc: "none", tools: [] }, 1);
  images.remember("sha256:a", { libc: "glibc", tools: [] }, 2);
  assert.equal(images.find("sha256:a")?.libc, "glibc");
});
