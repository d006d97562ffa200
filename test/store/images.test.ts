import assert from "node:assert/strict";
import { test } from "node:test";
import { openStores } from "../harness.ts";

test("what was found in an image is remembered by its id", (t) => {
  const { images } = openStores(t);
  const found = { libc: "musl" as const, shell: true, tools: ["sh", "git"] };
  images.remember("sha256:a", found, 1);
  assert.deepEqual([images.find("sha256:a"), images.find("sha256:b")], [found, undefined]);
});

test("an image may be looked into again", (t) => {
  const { images } = openStores(t);
  images.remember("sha256:a", { libc: "none", shell: false, tools: [] }, 1);
  images.remember("sha256:a", { libc: "glibc", shell: true, tools: [] }, 2);
  assert.equal(images.find("sha256:a")?.libc, "glibc");
});

test("tools that were not looked for are not known, and those that were stay known", (t) => {
  const { images } = openStores(t);
  const basics = { libc: "glibc" as const, shell: true };
  images.remember("sha256:a", basics, 1);
  assert.deepEqual(images.find("sha256:a"), basics);
  images.remember("sha256:a", { ...basics, tools: ["git"] }, 2);
  images.remember("sha256:a", basics, 3);
  assert.deepEqual(images.find("sha256:a"), { ...basics, tools: ["git"] });
});
