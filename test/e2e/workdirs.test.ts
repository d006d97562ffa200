import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli, volumeOwner } from "./harness.ts";
import { bash } from "./requests.ts";

const stromboli = await startStromboli({ after });
const { run } = stromboli;

for (const workdir of ["/home/agent", "/tmp/x", "/with space/-p/deep"]) {
  test(`the agent works in ${workdir}, which is made when it is missing`, async () => {
    const { body } = await run(bash("pwd; touch here && echo writable", { workdir }));
    assert.equal(body.output, `result: ${workdir}\nwritable`);
  });
}

test("a workdir below a volume is made there, with the owner's uid", async () => {
  const volume = stromboli.makeVolume();
  const { body } = await run(bash("pwd", { workdir: "/data/a/b", podman: { volumes: [`${volume}:/data`] } }));
  assert.equal(body.output, "result: /data/a/b");
  assert.equal(statSync(join(volume, "a/b")).uid, volumeOwner);
});

test("files in a workdir of one's own are there when the session goes on in another one", async () => {
  const { body: first } = await run(bash("echo kept > a.txt", { workdir: "/one" }));
  const claude = { session_id: String(first.session_id), resume: true };
  const { body } = await run(bash("cat a.txt", { workdir: "/two", claude }));
  assert.equal(body.output, "result: kept");
  assert.ok(existsSync(join(stromboli.workspace(claude.session_id), "a.txt")));
});

test("a run in a workdir below HOME can be resumed", async () => {
  const { body: first } = await run({ prompt: "remember", workdir: "/home/agent/a/project" });
  const claude = { session_id: String(first.session_id), resume: true };
  const { body } = await run({ prompt: "recall", workdir: "/home/agent/a/project", claude });
  assert.equal(body.output, "remember");
});

for (const workdir of [
  "/",
  "/etc",
  "/usr/share/x",
  "/proc/self",
  "/sys",
  "/dev/shm",
  "/run/x",
  "/bin",
  "/opt/claude",
  "/opt/stromboli/x",
  "/home/agent/.claude",
]) {
  test(`${workdir} cannot be the workdir`, async () => {
    const { status, body } = await run({ prompt: "hello", workdir });
    assert.deepEqual([status, body.code], [400, "invalid_request"]);
  });
}

for (const workdir of ["relative", "./x", "", "/a/../b", "/a//b", "/a/./b", "/a/", "/a\0b"]) {
  test(`${JSON.stringify(workdir)} is no workdir`, async () => {
    const { status, body } = await run({ prompt: "hello", workdir });
    assert.deepEqual([status, body.code, body.details?.[0]?.path], [400, "invalid_request", "workdir"]);
  });
}
