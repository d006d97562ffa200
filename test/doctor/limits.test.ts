import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeLimits, judgeTrial } from "../../lib/doctor/limits.ts";
import { infoOf, rootful } from "./facts.ts";

const bus = { bus: true };
const trial = { exitCode: 0, stdout: "268435456\n2.1.330 (Claude Code)", stderr: "", memoryBytes: 268_435_456 };

test("limits hold where cgroup v2 gives a user memory, cpu and pids, and for root in any case", () => {
  const old = { ...rootful, cgroupVersion: "v1", cgroupManager: "cgroupfs", cgroupControllers: [] };
  assert.equal(judgeLimits(infoOf(), bus).message, "cgroup v2, systemd, with cpu, memory, pids");
  assert.equal(judgeLimits(infoOf(), bus).status, "ok");
  assert.equal(judgeLimits(infoOf(old), bus).status, "ok");
});

test("on cgroup v1 a user's limits do not hold, nor on a cgroup that nobody knows", () => {
  assert.match(judgeLimits(infoOf({ cgroupVersion: "v1" }), bus).remedy ?? "", /unified_cgroup_hierarchy=1/);
  assert.equal(judgeLimits(infoOf({ cgroupVersion: "" }), bus).status, "warning");
});

test("controllers that are not delegated are named, with the file that delegates them", () => {
  const { status, message, remedy } = judgeLimits(infoOf({ cgroupControllers: ["memory", "pids"] }), bus);
  assert.deepEqual([status, message.includes("no cpu for this user")], ["warning", true]);
  assert.match(remedy ?? "", /Delegate=cpu memory pids into \/etc\/systemd\/system\/user@\.service\.d/);
  assert.equal(judgeLimits(infoOf({ cgroupControllers: null }), bus).status, "warning");
});

test("without a user bus Podman drops a user's limits in silence, and root needs none", () => {
  assert.equal(judgeLimits(infoOf(), { bus: false }).status, "warning");
  assert.equal(judgeLimits(infoOf(rootful), { bus: false }).status, "ok");
});

test("a container that reads its own limit off its cgroup proves that it holds", () => {
  assert.deepEqual(judgeTrial(trial), {
    status: "ok",
    message: "claude 2.1.330 ran in a container, whose 256 MiB of memory are a limit that holds",
  });
});

test("a container that reads another limit, or none, shows that limits do not hold", () => {
  const found = ["max", "none", "9223372036854771712", "4096"].map((read) =>
    judgeTrial({ ...trial, stdout: `${read}\n2.1.330` }),
  );
  assert.deepEqual(new Set(found.map(({ status }) => status)), new Set(["warning"]));
  assert.match(found[2]?.message ?? "", /limit of 256 MiB does not hold \(it finds none\)$/);
  assert.match(found[3]?.message ?? "", /\(it finds 4096\)$/);
});

test("a container that does not run is a failure in Podman's own words, which a set-up may mend", () => {
  const dead = { ...trial, exitCode: 126, stdout: "", stderr: "warning\nError: no controller cpu\n" };
  const { status, message, fix } = judgeTrial(dead);
  assert.deepEqual([status, message], ["failure", "a container does not run: Error: no controller cpu"]);
  assert.deepEqual(fix, { kind: "setup", args: ["--force"] });
  assert.match(judgeTrial({ ...dead, stderr: "" }).message, /exit code 126$/);
});

test("a CLI that fails in the container is a failure though the container runs", () => {
  assert.equal(judgeTrial({ ...trial, exitCode: 127, stdout: "268435456\n" }).status, "failure");
});
