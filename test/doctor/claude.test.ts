import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeAnswer, judgeCli, judgeCredential } from "../../lib/doctor/claude.ts";

const stored = { kind: "oauth", where: "file", file: "/c/credentials.json", mode: 0o600 } as const;
const url = "https://api.example";

test("the CLI is named with its version, and its build for musl when that is here", () => {
  const cli = { glibc: "/claude", musl: undefined, version: "2.1.330" };
  assert.equal(judgeCli(cli).message, "2.1.330 (/claude)");
  assert.equal(judgeCli({ ...cli, musl: "/m" }).message, "2.1.330 (/claude), and for musl");
  assert.equal(judgeCli({ ...cli, glibc: undefined }).status, "failure");
});

test("a credential is told by its kind and place, be it stored, in the environment or the daemon's", () => {
  assert.equal(judgeCredential(stored).message, "an OAuth token, stored");
  const variable = { ...stored, kind: "api_key", where: "environment", mode: undefined } as const;
  assert.equal(judgeCredential(variable).message, "an API key, in the environment");
  assert.equal(judgeCredential({ ...variable, where: "daemon" }).message, "an API key, the running daemon has it");
});

test("without a credential agents do not run, but for demos", () => {
  assert.equal(judgeCredential({ ...stored, kind: "none", mode: undefined }).status, "failure");
});

test("a stored credential that cannot be read is stored anew", () => {
  const { status, remedy } = judgeCredential({ ...stored, kind: "broken" });
  assert.deepEqual([status, remedy], ["failure", "store one anew with: stromboli login"]);
});

test("a stored credential that others can read is a failure that can be mended, whatever is in force", () => {
  const { status, fix } = judgeCredential({ ...stored, where: "environment", mode: 0o640 });
  assert.equal(status, "failure");
  assert.deepEqual(fix, { kind: "mode", paths: ["/c/credentials.json"], mode: 0o600 });
});

test("the API's answer tells whether the credential is good, when it can be told", () => {
  const statuses = [200, 401, 403, 404, 429, 529].map((status) => judgeAnswer({ url, status }).status);
  assert.deepEqual(statuses, ["ok", "failure", "failure", "warning", "warning", "warning"]);
  assert.equal(judgeAnswer({ url, error: "timeout" }).message, "https://api.example does not answer: timeout");
});
