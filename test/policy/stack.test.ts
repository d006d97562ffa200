import assert from "node:assert/strict";
import { test } from "node:test";
import { planRun, type Machine } from "../../lib/policy/plan.ts";
import type { PodmanOptions } from "../../lib/schema/run.ts";
import { configOf, requestOf } from "../harness.ts";
import { hostPath, rulesOf } from "./facts.ts";

const machine: Machine = { rootless: true, uid: 1000, gid: 1000, selinux: false, stateLabel: "label" };
const files: Readonly<Record<string, string>> = {
  "/data/app/compose.yaml": `
services:
  web: { image: x.io/web, environment: { A: "\${WORD:-none}", B: b }, volumes: ["./src:/src"], working_dir: /src }
  db: { image: x.io/db, env_file: db.env }`,
  "/data/app/db.env": "C=c",
};
const rules = rulesOf({
  allowed: [{ path: "/data", readOnly: false }],
  resolve: (path) => hostPath(path === "/data/link.yaml" ? "/etc/compose.yaml" : path, { kind: path in files ? "file" : "folder" }),
  read: (real) => files[real],
}); // prettier-ignore

type Environment = NonNullable<PodmanOptions["environment"]>;
const plan = (environment: Omit<Environment, "type">, podman: PodmanOptions = {}) =>
  planRun(requestOf({ podman: { ...podman, environment: { type: "compose", ...environment } } }), configOf(), {
    machine,
    rules,
  });
const path = "/data/app/compose.yaml";

test("the services of a compose file stand beside an agent that is as without them", () => {
  const { images, env, volumes, workdir, stack } = plan({ path });
  assert.deepEqual([images, env, volumes, workdir], [["localhost/stromboli-agent:latest"], {}, [], "/workspace"]);
  assert.deepEqual(stack?.services.map(({ name }) => name), ["web", "db"]); // prettier-ignore
});

test("in a service's place the agent has its image, variables, folders and workdir, and the request's variables before them", () => {
  const { images, env, volumes, workdir, stack } = plan({ path, service: "web" }, { env: { WORD: "hi", B: "mine" } });
  assert.deepEqual([images, env, workdir], [["x.io/web:latest"], { A: "hi", B: "mine", WORD: "hi" }, "/src"]);
  assert.deepEqual(volumes.map(({ source, target }) => [source, target]), [["/data/app/src", "/src"]]); // prettier-ignore
  assert.deepEqual(stack?.services.map(({ name, environment }) => [name, environment]), [["db", { C: "c" }]]); // prettier-ignore
});

test("a request cannot name an image and take the place of a service", () => {
  assert.throws(() => plan({ path, service: "web" }, { image: "x.io/other" }), { code: "invalid_request" });
});

test("a volume of the request and one of the service cannot share a target", () => {
  assert.throws(() => plan({ path, service: "web" }, { volumes: ["/data/other:/src"] }), { code: "invalid_request" });
});

test("a compose file lies where a volume might, also behind a link", () => {
  for (const outside of ["/etc/compose.yaml", "/data/link.yaml"])
    assert.throws(() => plan({ path: outside }), { code: "volume_not_allowed" });
});

test("what is no file, or cannot be read, is no compose file", () => {
  assert.throws(() => plan({ path: "/data/app" }), { code: "compose_invalid", message: /at most 1 MiB/ });
});
