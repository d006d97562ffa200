import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createContainers } from "../../lib/podman/containers.ts";
import { createPodman } from "../../lib/podman/podman.ts";
import { standIn, tempFolder } from "../harness.ts";

/** Containers of a Podman that answers as told. */
const containersOf = (t: TestContext, script: string) =>
  createContainers(createPodman({ binary: standIn(t, script), env: { PATH: process.env["PATH"] ?? "" } }));

const never = new AbortController().signal;

test("the end of a container is its exit code", async (t) => {
  assert.equal(await containersOf(t, "echo 137").ended("c", never), 137);
});

const running = JSON.stringify([{ Id: "abc", State: { Status: "running", ExitCode: 0, OOMKilled: false } }]);
const exited = JSON.stringify([{ Id: "abc", State: { Status: "exited", ExitCode: 7, OOMKilled: false } }]);

test("a wait that was given up without a word is taken up again while the container runs", async (t) => {
  const mark = join(tempFolder(t), "mark");
  const script = `case $1 in wait) [ -e ${mark} ] && echo 3; touch ${mark}; exit 0;; container) echo '${running}';; esac`;
  assert.equal(await containersOf(t, script).ended("c", never), 3);
});

test("a wait that fails has the exit code of the container that has ended meanwhile", async (t) => {
  const script = `case $1 in wait) exit 125;; container) echo '${exited}';; esac`;
  assert.equal(await containersOf(t, script).ended("c", never), 7);
});

test("a wait ends with the daemon also between two tries", async (t) => {
  const script = `case $1 in wait) exit 0;; container) echo '${running}';; esac`;
  await assert.rejects(containersOf(t, script).ended("c", AbortSignal.timeout(200)), { code: "shutting_down" });
});

test("a container that is not there has no end", async (t) => {
  const containers = containersOf(
    t,
    'echo "Error: no container with name or ID \\"c\\" found: no such container" >&2; exit 125',
  );
  assert.equal(await containers.ended("c", never), undefined);
});

test("a container that is not there cannot be inspected", async (t) => {
  const containers = containersOf(t, 'echo "[]"; echo "Error: inspecting object: no such container c" >&2; exit 125');
  assert.equal(await containers.inspect("c"), undefined);
});

test("an inspection tells how a container stands", async (t) => {
  const state = { Status: "exited", ExitCode: 137, OOMKilled: true, Later: "field" };
  const containers = containersOf(t, `echo '${JSON.stringify([{ Id: "abc", State: state, More: 1 }])}'`);
  assert.deepEqual(await containers.inspect("c"), { id: "abc", status: "exited", exitCode: 137, oomKilled: true });
});

test("a Podman that fails for another reason has not said that a container is gone", async (t) => {
  const containers = containersOf(t, 'echo "Error: database is locked" >&2; exit 125');
  await assert.rejects(containers.inspect("c"), { code: "podman_failed" });
});

test("the containers with a label are listed by all their names", async (t) => {
  const containers = containersOf(t, `[ "$3" = "--filter=label=a=b" ] && echo '[{"Names":["x","y"]},{"Names":["z"]}]'`);
  assert.deepEqual(await containers.withLabel("a=b"), ["x", "y", "z"]);
});

test("a list that cannot be had is an error and not an empty list", async (t) => {
  await assert.rejects(containersOf(t, "exit 125").withLabel("a=b"), { code: "podman_failed" });
});

test("a removal that fails is an error", async (t) => {
  const containers = containersOf(t, 'echo "Error: device busy" >&2; exit 2');
  await assert.rejects(containers.remove("c"), { code: "podman_failed", message: /device busy/ });
});

test("a name is never read as an option", async (t) => {
  const containers = containersOf(
    t,
    'for a; do [ "$a" = -- ] && seen=1; [ "$a" = --all ] && [ -z "$seen" ] && exit 3; done; echo 0',
  );
  assert.equal(await containers.ended("--all", never), 0);
});

test("a grace of less than a second is rounded up", async (t) => {
  const containers = containersOf(t, 'case "$*" in *--time=1*) exit 0;; *) kill -9 $$;; esac');
  await assert.doesNotReject(containers.stop("c", 1));
});
