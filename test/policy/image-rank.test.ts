import assert from "node:assert/strict";
import { test } from "node:test";
import { rankOf } from "../../lib/policy/image-rank.ts";

test("an image with bash and git is of the first rank", () => {
  const { compatible, compatibility_rank } = rankOf(
    { libc: "glibc", shell: true, tools: ["bash", "sh", "git"] },
    undefined,
  );
  assert.deepEqual([compatible, compatibility_rank], [true, 1]);
});

test("an image without git is of the second rank, and says so", () => {
  const { compatibility_rank, rank_description } = rankOf({ libc: "musl", shell: true, tools: ["bash"] }, undefined);
  assert.deepEqual([compatibility_rank, rank_description], [2, "it has musl and bash, but no git"]);
});

test("an image without bash is of the second rank, and says what cannot work", () => {
  const { compatibility_rank, rank_description } = rankOf(
    { libc: "glibc", shell: true, tools: ["sh", "git"] },
    undefined,
  );
  assert.equal(compatibility_rank, 2);
  assert.match(rank_description, /no bash.*Bash tool/);
});

test("an image that was not looked into is of the third rank", () => {
  const { compatible, compatibility_rank } = rankOf(undefined, undefined);
  assert.deepEqual([compatible, compatibility_rank], [true, 3]);
});

test("an image in which no agent runs is of the fourth rank, with the reason", () => {
  assert.deepEqual(rankOf({ libc: "none", shell: false, tools: [] }, "it has no C library"), {
    compatible: false,
    compatibility_rank: 4,
    rank_description: "it has no C library",
  });
});
