import assert from "node:assert/strict";
import { test } from "node:test";
import type { z } from "zod";
import { planRun, type Machine } from "../../lib/policy/plan.ts";
import type { HostPath } from "../../lib/policy/host-path.ts";
import type { Config } from "../../lib/schema/config.ts";
import type { RunRequest } from "../../lib/schema/run.ts";
import { configOf, requestOf } from "../harness.ts";
import { hostPath, rulesOf } from "./facts.ts";

const rootful: Machine = { rootless: false, uid: 0, gid: 0, selinux: false, stateLabel: "label" };
const rootless: Machine = { ...rootful, rootless: true, uid: 1234, gid: 1235 };

const owners: Readonly<Record<string, Partial<HostPath>>> = {
  "/data/root": { uid: 0, gid: 0 },
  "/data/ann": { uid: 501, gid: 20 },
  "/data/bob": { uid: 502, gid: 20 },
  "/data/open": { uid: 0, gid: 0, worldWritable: true },
};
const rules = rulesOf({
  allowed: [{ path: "/data", readOnly: false }],
  resolve: (path) => (path === "/data/missing" ? undefined : hostPath(path, { uid: 501, gid: 20, ...owners[path] })),
  foresee: (path) => path,
});

type Values = Partial<z.input<typeof RunRequest>>;
type Options = { machine?: Machine; config?: z.input<typeof Config> };
const plan = (values: Values = {}, { machine = rootful, config = {} }: Options = {}) =>
  planRun(requestOf(values), configOf(config), { machine, rules });
const planVolumes = (...volumes: string[]) => plan({ podman: { volumes } });

test("a request that says nothing gets the configuration's defaults", () => {
  assert.deepEqual(plan(), {
    env: {},
    images: ["localhost/stromboli-agent:latest"],
    limits: { memoryBytes: 536_870_912, cpus: "1", cpuShares: undefined, pids: 512, timeoutMs: 1_800_000 },
    readOnly: true,
    workdir: "/workspace",
    volumes: [],
    stack: undefined,
    secrets: [],
    network: "full",
    user: "1000:1000",
    hooks: undefined,
  });
});

test("what a request says comes before the configuration", () => {
  const config = { podman: { image: "a" }, defaults: { timeout: "1s", network: "full" as const } };
  const { images, limits, network } = plan({ podman: { image: "x.io/b", timeout: "2s", network: "none" } }, { config });
  assert.deepEqual([images, limits.timeoutMs, network], [["x.io/b:latest"], 2000, "none"]);
});

test("options that are null mean the same as none", () => {
  assert.deepEqual(plan({ podman: null, claude: null }), plan());
});

test("rootless, the agent has the caller's ids", () => {
  assert.equal(plan({}, { machine: rootless }).user, "1234:1235");
});

test("rootless, the owner of a volume does not matter", () => {
  assert.equal(plan({ podman: { volumes: ["/data/root:/w"] } }, { machine: rootless }).user, "1234:1235");
});

test("rootful, the agent has the ids of whoever owns the volume it writes to", () => {
  assert.equal(planVolumes("/data/ann:/w", "/data/root:/x:ro").user, "501:20");
});

test("rootful, a volume that is only read changes nothing", () => {
  assert.equal(planVolumes("/data/ann:/w:ro").user, "1000:1000");
});

test("rootful, a volume that everyone may write to changes nothing", () => {
  assert.equal(planVolumes("/data/open:/w").user, "1000:1000");
});

test("rootful, writable volumes of two users are refused", () => {
  assert.throws(() => planVolumes("/data/ann:/w", "/data/bob:/x"), { code: "invalid_request", message: /:ro/ });
});

test("rootful, a writable volume of root's is refused: agents are never root", () => {
  assert.throws(() => planVolumes("/data/root:/w"), { code: "volume_not_allowed", message: /chown -R 1000:1000/ });
});

test("two volumes may not share a target, however it is written", () => {
  assert.throws(() => planVolumes("/data/a:/w", "/data/b:/w/"), { code: "invalid_request", message: /share/ });
});

test("the session's own folder takes no volume", () => {
  assert.throws(() => planVolumes("/data/a:/home/agent"), { code: "invalid_request", message: /session's own folder/ });
});

test("a folder that is still to be made is the agent's, whoever that is", () => {
  assert.equal(planVolumes("/data/missing:/w").user, "1000:1000");
  assert.equal(planVolumes("/data/missing:/w", "/data/ann:/x").user, "501:20");
});

test("a volume outside of the policy is refused", () => {
  assert.throws(() => planVolumes("/etc:/w"), { code: "volume_not_allowed" });
});

test("a workdir in the container's own system is refused", () => {
  assert.throws(() => plan({ workdir: "/usr/src" }), { code: "invalid_request" });
});

test("secrets go by name to the variables that are asked for", () => {
  assert.deepEqual(plan({ podman: { secrets_env: { GH_TOKEN: "github" } } }).secrets, [
    { variable: "GH_TOKEN", name: "github" },
  ]);
});

for (const podman of [{ env: { LD_PRELOAD: "x" } }, { secrets_env: { ANTHROPIC_BASE_URL: "s" } }]) {
  test(`a reserved variable is refused: ${JSON.stringify(podman)}`, () => {
    assert.throws(() => plan({ podman }), { code: "invalid_request", message: /reserved/ });
  });
}

test("an empty lifecycle asks for nothing", () => {
  assert.doesNotThrow(() => plan({ podman: { lifecycle: {}, environment: {} } }));
});

test("a writable root is given where the configuration allows it", () => {
  assert.doesNotThrow(() => plan({ podman: { read_only: false } }));
});

test("a writable root is refused where the configuration forbids it", () => {
  const config = { policy: { writable_root: false } };
  assert.throws(() => plan({ podman: { read_only: false } }, { config }), { code: "writable_root_not_allowed" });
});

test("a read-only root may be asked for everywhere", () => {
  assert.doesNotThrow(() => plan({ podman: { read_only: true } }, { config: { policy: { writable_root: false } } }));
});

for (const options of [
  { values: { podman: { network: "none" as const } }, config: {} },
  { values: {}, config: { defaults: { network: "none" as const } } },
]) {
  test(`no network does not go with tcp: ${JSON.stringify(options)}`, () => {
    const config = { ...options.config, claude: { transport: "tcp" as const } };
    assert.throws(() => plan(options.values, { config }), { code: "invalid_request", message: /transport/ });
  });
}

test("limits come from the request, and where it leaves them out from the configuration", () => {
  const config = { defaults: { memory: "128m", cpus: "3", pids: 99 } };
  assert.deepEqual(plan({ podman: { memory: "1g", cpu_shares: 512, timeout: "90s" } }, { config }).limits, {
    memoryBytes: 1_073_741_824,
    cpus: "3",
    cpuShares: 512,
    pids: 99,
    timeoutMs: 90_000,
  });
});

const ceilings = { policy: { max_memory: "1g", max_cpus: "2", max_timeout: "1h" } };
for (const [podman, named] of [
  [{ memory: "1025m" }, /memory 1025m is above policy\.max_memory, which is 1g/],
  [{ cpus: "2.001" }, /cpus 2\.001 is above policy\.max_cpus, which is 2/],
  [{ timeout: "1h1ms" }, /timeout 1h1ms is above policy\.max_timeout, which is 1h/],
] as const) {
  test(`what is above a ceiling is refused by its name: ${JSON.stringify(podman)}`, () => {
    assert.throws(() => plan({ podman }, { config: ceilings }), { code: "limit_exceeded", message: named });
  });
}

test("as much as a ceiling says may be asked for, in whatever unit", () => {
  assert.doesNotThrow(() => plan({ podman: { memory: "1024m", cpus: "2", timeout: "60m" } }, { config: ceilings }));
});

test("a network that policy does not name is refused", () => {
  const config = { policy: { networks: ["none" as const] }, defaults: { network: "none" as const } };
  assert.equal(plan({}, { config }).network, "none");
  assert.throws(() => plan({ podman: { network: "full" } }, { config }), { code: "network_not_allowed" });
});

test("an image that policy does not name is refused", () => {
  const config = { policy: { images: ["ghcr.io/acme/**"] } };
  assert.throws(() => plan({ podman: { image: "python" } }, { config }), { code: "image_not_allowed" });
});
