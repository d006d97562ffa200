import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createPodman } from "../../lib/podman/podman.ts";
import { createSecrets } from "../../lib/podman/secrets.ts";
import { standIn } from "../harness.ts";

const secretsOf = (t: TestContext, script: string) =>
  createSecrets(createPodman({ binary: standIn(t, script), env: { PATH: process.env["PATH"] ?? "" } }));

test("secrets that Podman holds are good", async (t) => {
  await assert.doesNotReject(secretsOf(t, "printf 'github\\nnpm\\n'").check(["npm", "github"]));
});

test("a secret that Podman does not hold is named, with how to make it", async (t) => {
  await assert.rejects(secretsOf(t, "printf 'github-2\\n'").check(["github"]), {
    code: "secret_not_found",
    message: /no secret github; create it with: podman secret create/,
  });
});

test("without secrets Podman is not asked", async (t) => {
  await assert.doesNotReject(secretsOf(t, "exit 1").check([]));
});
