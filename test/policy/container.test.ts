import assert from "node:assert/strict";
import { test } from "node:test";
import type { z } from "zod";
import { planContainer, type Placement } from "../../lib/policy/container.ts";
import type { Machine, Plan } from "../../lib/policy/plan.ts";
import type { Config } from "../../lib/schema/config.ts";
import type { RunRequest } from "../../lib/schema/run.ts";
import { configOf, requestOf } from "../harness.ts";
import { hostPath } from "./facts.ts";
import { planHooks } from "../../lib/hooks/plan.ts";
import { placement as basePlacement } from "./placement.ts";

const machine: Machine = { rootless: false, uid: 0, gid: 0, selinux: false, stateLabel: "state-1" };
const owner = hostPath("/data");
const volumeAt = (target: string) => ({ source: "/data", target, options: ["rw"], readOnly: false, owner });

const basePlan: Plan = {
  images: ["docker.io/library/debian:12"],
  limits: { memoryBytes: 536_870_912, cpus: "1", cpuShares: undefined, pids: 512, timeoutMs: 60_000 },
  readOnly: true,
  workdir: "/workspace",
  volumes: [],
  stack: undefined,
  env: {},
  secrets: [{ name: "github", variable: "GH_TOKEN" }],
  network: "full",
  user: "1000:1000",
  hooks: undefined,
};
type Options = {
  values?: Partial<z.input<typeof RunRequest>>;
  config?: z.input<typeof Config>;
  plan?: Partial<Plan>;
  placement?: Partial<Placement>;
  machine?: Partial<Machine>;
};

const contain = ({ values = {}, config = {}, plan = {}, placement = {}, machine: more = {} }: Options = {}) =>
  planContainer(
    requestOf(values),
    { ...basePlan, ...plan },
    {
      config: configOf(config),
      machine: { ...machine, ...more },
      placement: { ...basePlacement, ...placement },
    },
  );

const mountOf = (options: Options, target: string) => contain(options).mounts.find((mount) => mount.target === target);

test("a container is named and labelled so that this daemon alone finds it again", () => {
  const { name, labels } = contain();
  assert.deepEqual([name, labels], ["stromboli-run-1", { "stromboli.state": "state-1", "stromboli.job": "run-1" }]);
});

test("the image is named by its id, so that a moved tag changes nothing", () => {
  assert.equal(contain().image, "sha256:abc");
});

test("the CLI comes from the host, read-only", () => {
  assert.deepEqual(mountOf({}, "/opt/claude/claude"), {
    source: "/cli/claude",
    target: "/opt/claude/claude",
    options: ["ro"],
  });
});

test("the agent sees its session and the broker's folder, and nothing else of the host", () => {
  assert.deepEqual(
    contain().mounts.map(({ source, options }) => `${source} ${options.join()}`),
    ["/cli/claude ro", "/s/home rw", "/j/broker ro", "/s/workspace rw"],
  );
});

test("over tcp there is no broker folder", () => {
  assert.equal(mountOf({ placement: { tcpPort: 1 } }, "/opt/stromboli"), undefined);
});

test("files of another user are handed over by Podman, but never those of a volume", () => {
  const { mounts } = contain({ placement: { handOver: true }, plan: { volumes: [volumeAt("/data")] } });
  assert.deepEqual(
    mounts.filter(({ options }) => options.includes("U")).map(({ source }) => source),
    ["/s/home", "/s/workspace"],
  );
});

test("the workdir is the session's own folder, wherever it is", () => {
  assert.equal(mountOf({ plan: { workdir: "/src" } }, "/src")?.source, "/s/workspace");
});

test("a volume at the workdir takes the place of the session's folder", () => {
  const { mounts, workdir, command } = contain({ plan: { volumes: [volumeAt("/workspace")] } });
  assert.deepEqual(
    [mounts.filter(({ target }) => target === "/workspace").map(({ source }) => source), workdir, command[0]],
    [["/data"], "/workspace", "/opt/claude/claude"],
  );
});

for (const [title, plan] of [
  ["a volume", { workdir: "/data/a b", volumes: [volumeAt("/data")] }],
  ["HOME", { workdir: "/home/agent/a b", volumes: [] }],
  ["/tmp", { workdir: "/tmp/a b", volumes: [] }],
] as const) {
  test(`a workdir below ${title} is made from inside, as one argument`, () => {
    const { mounts, workdir, command } = contain({ plan });
    assert.deepEqual(
      [mounts.some(({ target }) => target === plan.workdir), workdir, command.slice(0, 5)],
      [
        false,
        "/",
        ["/bin/sh", "-c", 'mkdir -p -- "$0" && cd -- "$0" && exec "$@"', plan.workdir, "/opt/claude/claude"],
      ],
    );
  });
}

test("limits are the plan's", () => {
  const limits = { memoryBytes: 1, cpus: "0.5", cpuShares: 2, pids: 3, timeoutMs: 1000 };
  const { memoryBytes, cpus, cpuShares, pids } = contain({ plan: { limits } });
  assert.deepEqual([memoryBytes, cpus, cpuShares, pids], [1, "0.5", 2, 3]);
});

test("Podman's own limit of time comes well after the daemon's, its grace included", () => {
  const { lastResortSeconds } = contain({
    plan: { limits: { ...basePlan.limits, timeoutMs: 90_500 } },
    config: { podman: { stop_grace: "20s" } },
  });
  assert.ok(lastResortSeconds >= 90.5 + 20 + 10, String(lastResortSeconds));
});

test("the root file system is as the plan says", () => {
  assert.deepEqual([contain().readOnly, contain({ plan: { readOnly: false } }).readOnly], [true, false]);
});

test("mounts are looked at before the start where there are volumes", () => {
  assert.deepEqual(
    [contain().ociHooks, contain({ plan: { volumes: [volumeAt("/data")] } }).ociHooks],
    [undefined, "/j/hooks"],
  );
});

test("with hooks a script begins, and the CLI is what it ends in", () => {
  const hooks = planHooks({ post_start: ["make"] });
  const { command, extraFiles } = contain({ plan: { hooks } });
  assert.deepEqual(command.slice(0, 3), ["/bin/sh", "/opt/stromboli/hooks.sh", "/opt/claude/claude"]);
  assert.equal(extraFiles, 2);
});

test("with hooks in a workdir that has to be made, they begin in it", () => {
  const hooks = planHooks({ post_start: ["make"] });
  const { command } = contain({ plan: { hooks, workdir: "/tmp/here" } });
  assert.deepEqual(command.slice(3, 6), ["/tmp/here", "/bin/sh", "/opt/stromboli/hooks.sh"]);
});

test("over tcp the folder of the script is mounted for it alone", () => {
  const [without, withHooks] = [undefined, planHooks({ post_start: ["make"] })].map((hooks) =>
    contain({ plan: { hooks }, placement: { tcpPort: 1 } }).mounts.some(({ target }) => target === "/opt/stromboli"),
  );
  assert.deepEqual([without, withHooks], [false, true]);
});

test("rootless, the user is mapped onto the caller", () => {
  assert.deepEqual([contain().keepId, contain({ machine: { rootless: true } }).keepId], [false, true]);
});

test("the network is the container's own or none, never the host's", () => {
  assert.deepEqual([contain().networks, contain({ plan: { network: "none" } }).networks], [["private"], ["none"]]);
});

test("the configured model and settings are told to the CLI", () => {
  const { command } = contain({ config: { claude: { model: "haiku", setting_sources: ["user"] } } });
  assert.deepEqual([command.includes("--model=haiku"), command.includes("--setting-sources=user")], [true, true]);
});

test("the request's model comes before the configured one", () => {
  const { command } = contain({ values: { claude: { model: "opus" } }, config: { claude: { model: "haiku" } } });
  assert.deepEqual(
    command.filter((argument) => argument.startsWith("--model")),
    ["--model=opus"],
  );
});

test("the prompt is on no command line", () => {
  assert.ok(
    !contain({ values: { prompt: "secret plan" } })
      .command.join(" ")
      .includes("secret plan"),
  );
});

test("the handle is on no command line", () => {
  assert.ok(!JSON.stringify(contain()).includes("stromboli-handle"));
});
