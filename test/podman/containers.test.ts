import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createContainers, hasEnded, stopsAtOnce } from "../../lib/podman/containers.ts";
import { createPodman } from "../../lib/podman/podman.ts";
import { until } from "../e2e/wait.ts";
import { standIn, tempFolder } from "../harness.ts";

/** Containers of a Podman that answers as told. */
const containersOf = (t: TestContext, script: string) =>
  createContainers(createPodman({ binary: standIn(t, script), env: { PATH: process.env["PATH"] ?? "" } }));

test("a container that is not there cannot be inspected", async (t) => {
  const containers = containersOf(t, 'echo "[]"; echo "Error: inspecting object: no such container c" >&2; exit 125');
  assert.equal(await containers.inspect("c"), undefined);
});

const inspected = (state: object) => `echo '${JSON.stringify([{ Id: "abc", State: state, More: 1 }])}'`;

test("an inspection tells how a container stands", async (t) => {
  const state = {
    Status: "exited",
    Pid: 0,
    ExitCode: 137,
    OOMKilled: true,
    StartedAt: "2026-01-01T00:00:00.123456789Z",
    FinishedAt: "2026-01-01T01:00:01+01:00",
    Later: "field",
  };
  assert.deepEqual(await containersOf(t, inspected(state)).inspect("c"), {
    id: "abc",
    status: "exited",
    pid: 0,
    exitCode: 137,
    oomKilled: true,
    startedAt: Date.UTC(2026, 0, 1) + 123,
    finishedAt: Date.UTC(2026, 0, 1) + 1000,
  });
});

test("what has not happened yet has no time, as Podman writes the year 1 for it", async (t) => {
  const never = "0001-01-01T00:00:00Z";
  const state = { Status: "created", ExitCode: 0, OOMKilled: false, StartedAt: never, FinishedAt: never };
  const found = await containersOf(t, inspected(state)).inspect("c");
  assert.deepEqual(found, { id: "abc", status: "created", pid: 0, exitCode: 0, oomKilled: false });
});

for (const [status, ended] of [
  ["exited", true],
  ["stopped", true],
  ["running", false],
  ["created", false],
  ["stopping", false],
  ["removing", false],
] as const) {
  test(`a container that is ${status} ${ended ? "has" : "has not"} ended`, () => {
    assert.equal(hasEnded({ status }), ended);
  });
}

test("a Podman that fails for another reason has not said that a container is gone", async (t) => {
  const containers = containersOf(t, 'echo "Error: database is locked" >&2; exit 125');
  await assert.rejects(containers.inspect("c"), { code: "podman_failed" });
});

test("the containers with a label are listed by all their names, with how they stand", async (t) => {
  const listed = [{ Names: ["x", "y"], State: "running", Pid: 7 }, { Names: ["z"], State: "exited" }]; // prettier-ignore
  const containers = containersOf(t, `[ "$3" = "--filter=label=a=b" ] && echo '${JSON.stringify(listed)}'`);
  assert.deepEqual([...(await containers.states("a=b"))], [
    ["x", { status: "running", pid: 7 }],
    ["y", { status: "running", pid: 7 }],
    ["z", { status: "exited", pid: 0 }],
  ]); // prettier-ignore
});

test("a list that cannot be had is an error and not an empty list", async (t) => {
  await assert.rejects(containersOf(t, "exit 125").states("a=b"), { code: "podman_failed" });
});

test("a removal that fails is an error", async (t) => {
  const containers = containersOf(t, 'echo "Error: device busy" >&2; exit 2');
  await assert.rejects(containers.remove("c"), { code: "podman_failed", message: /device busy/ });
});

for (const command of ["inspect", "remove", "stop"] as const) {
  test(`a name is never read as an option by ${command}`, async (t) => {
    const seen = `${tempFolder(t)}/seen`;
    const script = `for a; do [ "$a" = -- ] && end=1; [ "$a" = --all ] && [ -z "$end" ] && touch ${seen}; done; exit 1`;
    const containers = containersOf(t, script);
    await (command === "stop" ? containers.stop("--all", 1) : containers[command]("--all")).catch(() => {});
    assert.equal(existsSync(seen), false);
  });
}

test("a stop that fails ends with a kill", async (t) => {
  const said = `${tempFolder(t)}/said`;
  const containers = containersOf(t, `echo "$*" >> ${said}; [ $1 = kill ]`);
  await containers.stop("c", 10_000);
  assert.deepEqual(readFileSync(said, "utf8").split("\n"), ["stop --ignore --time=10 -- c", "kill --signal=KILL -- c", ""]); // prettier-ignore
});

test("a grace of less than a second is rounded up", async (t) => {
  const containers = containersOf(t, 'case "$*" in *--time=1*) exit 0;; *) kill -9 $$;; esac');
  await assert.doesNotReject(containers.stop("c", 1));
});

test("many stops at once all have their turn, and none too many at a time", async (t) => {
  const folder = tempFolder(t);
  const log = join(folder, "log");
  const script = `echo + >> ${log}; until [ -e ${folder}/go ]; do sleep 0.05; done; echo - >> ${log}`;
  const containers = containersOf(t, script);
  const signs = () => (existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : []);
  const calls = Promise.all(Array.from({ length: 3 * stopsAtOnce }, () => containers.stop("c", 1)));
  await until("as many as may", () => signs().length === stopsAtOnce);
  writeFileSync(join(folder, "go"), "");
  await calls;
  let running = 0;
  const counts = signs().map((sign) => (running += sign === "+" ? 1 : -1));
  assert.deepEqual([counts.length, running, Math.max(...counts)], [6 * stopsAtOnce, 0, stopsAtOnce]);
});
