import assert from "node:assert/strict";
import { test } from "node:test";
import { localCaller, type Caller } from "../../lib/auth/caller.ts";
import { mayUseSecret } from "../../lib/policy/secrets.ts";

const ci: Caller = { name: "ci", scopes: ["run"], secrets: ["ci-*", "shared"], tokenId: "1" };
const admin: Caller = { name: "root", scopes: ["admin"], secrets: [], tokenId: "2" };

for (const [who, caller, name, owner, allowed, usable] of [
  ["a caller", ci, "mine", "ci", [], true],
  ["a caller", ci, "theirs", "other", ["*"], false],
  ["a caller", ci, "ci-theirs", "other", [], true],
  ["a caller", ci, "ci-by-hand", undefined, ["*"], true],
  ["a caller", ci, "ci-by-hand", undefined, ["web-*"], false],
  ["a caller", ci, "by-hand", undefined, ["*"], false],
  ["a caller", ci, "shared-2", undefined, ["*"], false],
  ["a caller", ci, "not-ci-x", undefined, ["*"], false],
  ["the local user", localCaller, "by-hand", undefined, ["*"], true],
  ["the local user", localCaller, "by-hand", undefined, ["web-*"], false],
  ["the local user", localCaller, "theirs", "ci", [], true],
  ["an admin", admin, "theirs", "ci", [], true],
  ["an admin", admin, "by-hand", undefined, [], false],
] as const) {
  const of = owner === undefined ? "made with Podman" : `of ${owner}`;
  test(`${who} ${usable ? "may" : "may not"} use ${name} ${of}, with policy.secrets [${allowed.join()}]`, () => {
    assert.equal(mayUseSecret(caller, { name, owner }, allowed), usable);
  });
}
