import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { after, test } from "node:test";
import { startStromboli, volumeOwner } from "./harness.ts";
import { rootful } from "./podman.ts";
import { makeStandIn, scripted } from "./stand-in.ts";

const claude = { binary: makeStandIn({ after }) };
const stromboli = await startStromboli({ after }, { config: { claude } });
const { run, makeVolume } = stromboli;

const refused = async (volumes: string[]) => {
  const { status, body } = await run({ prompt: "hello", podman: { volumes } });
  return [status, body.code];
};

const errorOf = async (path: string) =>
  (await run({ prompt: "hello", podman: { volumes: [`${path}:/data`] } })).body.error?.replaceAll(path, "PATH");

test("a volume is read and written, with its owner's uid", async () => {
  const volume = makeVolume();
  writeFileSync(join(volume, "in.txt"), "from outside");
  const podman = { volumes: [`${volume}:/data`] };
  const { body } = await run(
    scripted("cat /data/in.txt; mkdir /data/new; echo from inside > /data/new/out.txt", { podman }),
  );
  assert.equal(body.output, "from outside");
  assert.equal(readFileSync(join(volume, "new/out.txt"), "utf8"), "from inside\n");
  assert.deepEqual([statSync(join(volume, "new/out.txt")).uid, statSync(volume).uid], [volumeOwner, volumeOwner]);
});

test("a volume at the workdir is where the agent works", async () => {
  const volume = makeVolume();
  await run(scripted("touch here", { podman: { volumes: [`${volume}:/workspace`] } }));
  assert.equal(statSync(join(volume, "here")).uid, volumeOwner);
});

test("the session of a volume's run can be resumed without the volume", async () => {
  const { body: first } = await run(scripted("touch ~/mine", { podman: { volumes: [`${makeVolume()}:/data`] } }));
  const again = { session_id: String(first.session_id), resume: true };
  const { body } = await run(scripted("ls ~/mine && touch ~/mine", { claude: again }));
  assert.equal(body.output, "/home/agent/mine");
});

test("a volume with :ro can be read and not written", async () => {
  const volume = makeVolume();
  writeFileSync(join(volume, "in.txt"), "from outside");
  const { body } = await run(
    scripted("cat /data/in.txt; touch /data/out.txt", { podman: { volumes: [`${volume}:/data:ro`] } }),
  );
  assert.match(body.output ?? "", /from outside[^]*Read-only file system/);
});

test("a single file can be a volume", async () => {
  const file = join(makeVolume(), "one.txt");
  writeFileSync(file, "one file");
  const { body } = await run(scripted("cat /data/one.txt", { podman: { volumes: [`${file}:/data/one.txt:ro`] } }));
  assert.equal(body.output, "one file");
});

test(
  "a volume of root that agents could write to is refused, with the remedy",
  { skip: !rootful && "only root has those" },
  async () => {
    const { status, body } = await run({ prompt: "hello", podman: { volumes: [`${makeVolume(0)}:/data`] } });
    assert.deepEqual([status, body.code], [403, "volume_not_allowed"]);
    assert.match(body.error ?? "", /chown.*:ro/);
  },
);

test("a volume of root is readable with :ro", { skip: !rootful && "only root has those" }, async () => {
  const volume = makeVolume(0);
  writeFileSync(join(volume, "in.txt"), "of root");
  const { body } = await run(scripted("cat /data/in.txt; id -u", { podman: { volumes: [`${volume}:/data:ro`] } }));
  assert.match(body.output ?? "", /^of root[1-9]\d*$/);
});

test(
  "writable volumes of two users are refused",
  { skip: !rootful && "a user's volumes are all the user's own" },
  async () => {
    assert.deepEqual(await refused([`${makeVolume(4321)}:/a`, `${makeVolume(4322)}:/b`]), [400, "invalid_request"]);
  },
);

test("a path outside policy.volumes is refused", async () => {
  assert.deepEqual(await refused(["/etc:/data:ro"]), [403, "volume_not_allowed"]);
});

test("a path that is missing is refused with the same words as one that is not allowed", async () => {
  assert.equal(await errorOf(join(stromboli.place.volumes, "missing")), await errorOf("/etc"));
});

test("a path with .. that leads out is refused", async () => {
  assert.deepEqual(await refused([`${makeVolume()}/../../..:/data`]), [403, "volume_not_allowed"]);
});

test("a path that only begins like an allowed one is refused", async () => {
  const beside = `${stromboli.place.volumes}-not`;
  mkdirSync(beside);
  assert.deepEqual(await refused([`${beside}:/data`]), [403, "volume_not_allowed"]);
});

test("a link that leads out is refused, as the volume and on the way to it", async () => {
  const volume = makeVolume();
  symlinkSync("/etc", join(volume, "link"));
  assert.deepEqual(await refused([`${volume}/link:/data:ro`]), [403, "volume_not_allowed"]);
  assert.deepEqual(await refused([`${volume}/link/ssl:/data:ro`]), [403, "volume_not_allowed"]);
});

test("a link that leads to an allowed folder is that folder", async () => {
  const volume = makeVolume();
  const link = join(dirname(volume), `${basename(volume)}-link`);
  symlinkSync(volume, link);
  await run(scripted("touch /data/here", { podman: { volumes: [`${link}:/data`] } }));
  assert.ok(statSync(join(volume, "here")).isFile());
});

test("the state folder with its sessions is not allowed unless policy.volumes says so", async () => {
  assert.deepEqual(await refused([`${stromboli.place.state}:/data:ro`]), [403, "volume_not_allowed"]);
});

test("two volumes with one target are refused", async () => {
  assert.deepEqual(await refused([`${makeVolume()}:/data`, `${makeVolume()}:/data/`]), [400, "invalid_request"]);
});

const reserved = [
  "/",
  "/etc",
  "/etc/x",
  "/usr/bin",
  "/proc",
  "/sys/fs",
  "/dev",
  "/run",
  "/opt/claude",
  "/opt/stromboli",
  "/home/agent",
  "/home/agent/.claude",
  "/data/../etc",
];
for (const target of reserved) {
  test(`a volume cannot cover ${target}`, async () => {
    assert.deepEqual(await refused([`${makeVolume()}:${target}`]), [400, "invalid_request"]);
  });
}

for (const volume of [
  "data",
  "./data:/data",
  "/tmp",
  "/tmp:",
  ":/data",
  "/tmp:data",
  "/tmp:/data:ro:rw",
  "/tmp:/data:exec",
  "/tmp:/data:U",
  "name:/data",
]) {
  test(`${volume} is no volume`, async () => {
    assert.deepEqual(await refused([volume]), [400, "invalid_request"]);
  });
}

test("an entry of policy.volumes with :ro makes volumes read-only, whatever the request says", async (t) => {
  const other = await startStromboli(t, { config: { claude, policy: { volumes: [`${stromboli.place.volumes}:ro`] } } });
  const { body } = await other.run(scripted("touch /data/x", { podman: { volumes: [`${makeVolume()}:/data:rw`] } }));
  assert.match(body.output ?? "", /Read-only file system/);
});
