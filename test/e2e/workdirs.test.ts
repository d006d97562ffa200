import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli, volumeOwner } from "./harness.ts";
import { makeStandIn, scripted } from "./stand-in.ts";

const stromboli = await startStromboli({ after }, { config: { claude: { binary: makeStandIn({ after }) } } });
const { run } = stromboli;

for (const workdir of ["/home/agent", "/tmp/x", "/with space/-p/deep"]) {
  test(`the agent works in ${workdir}, which is made when it is missing`, async () => {
    const { body } = await run(scripted("pwd; touch here && echo writable", { workdir }));
    assert.equal(body.output, `${workdir}\nwritable`);
  });
}

test("a workdir below a volume is made there, with the owner's uid", async () => {
  const volume = stromboli.makeVolume();
  const { body } = await run(scripted("pwd", { workdir: "/data/a/b", podman: { volumes: [`${volume}:/data`] } }));
  assert.equal(body.output, "/data/a/b");
  assert.equal(statSync(join(volume, "a/b")).uid, volumeOwner);
});

test("files in a workdir of one's own are there when the session goes on in another one", async () => {
  const { body: first } = await run(scripted("echo kept > a.txt", { workdir: "/one" }));
  const claude = { session_id: String(first.session_id), resume: true };
  const { body } = await run(scripted("cat a.txt", { workdir: "/two", claude }));
  assert.equal(body.output, "kept");
  assert.ok(existsSync(join(stromboli.workspace(claude.session_id), "a.txt")));
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
