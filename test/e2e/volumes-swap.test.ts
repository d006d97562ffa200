import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { startStromboli, volumeOwner } from "./harness.ts";
import { makePlace } from "./place.ts";
import { quoted } from "./cli.ts";
import { makeStandIn, scripted } from "./stand-in.ts";

/** Stands before the real Podman and does what `swap` says in the last moment before it makes a container. */
const tools = makePlace();
after(() => tools[Symbol.dispose]());
const swapFile = join(tools.folder, "swap");
const binary = join(tools.folder, "podman");
writeFileSync(binary, `#!/bin/sh\nif [ "$1" = run ] && [ -e ${swapFile} ]; then . ${swapFile}; fi\nexec podman "$@"\n`);
chmodSync(binary, 0o755);
chmodSync(tools.folder, 0o755);

const claude = { binary: makeStandIn({ after }) };
const stromboli = await startStromboli({ after }, { config: { claude, podman: { binary } } });
const { run, makeVolume, place } = stromboli;

/** A folder beside those that may be mounted, and the agent may even write to it. */
const outside = join(place.folder, "outside");
mkdirSync(outside, { mode: 0o777 });
chmodSync(outside, 0o777);
writeFileSync(join(outside, "secret"), "of the host");

/** Makes the folders that are missing. */
const maker = await startStromboli(
  { after },
  { config: { claude, policy: { volumes: [place.volumes, `${outside}:ro`], create_missing: true } } },
);

const swapping = (t: TestContext, ...commands: readonly (readonly string[])[]) => {
  writeFileSync(swapFile, commands.map((words) => `${quoted(...words)}\n`).join(""));
  t.after(() => rmSync(swapFile));
};

const peek = (volume: string, target = "/data") =>
  run(scripted("cat /data/secret; touch /data/here", { podman: { volumes: [`${volume}:${target}`] } }));

test("a folder that becomes a link after it was checked is not mounted, and nothing runs", async (t) => {
  const volume = makeVolume();
  swapping(t, ["mv", volume, `${volume}-old`], ["ln", "-s", outside, volume]);
  const { status, body } = await peek(volume);
  assert.deepEqual([status, body.code], [403, "volume_changed"]);
  assert.match(body.error ?? "", /the volume for \/data was replaced/);
  assert.deepEqual([readdirSync(outside), await stromboli.containers()], [["secret"], []]);
});

test("nor is one whose parent does", async (t) => {
  const parent = makeVolume();
  mkdirSync(join(parent, "in"));
  mkdirSync(join(outside, "in"));
  t.after(() => rmSync(join(outside, "in"), { recursive: true }));
  swapping(t, ["mv", parent, `${parent}-old`], ["ln", "-s", outside, parent]);
  const { status, body } = await run(scripted("touch /data/here", { podman: { volumes: [`${parent}/in:/data:ro`] } }));
  assert.deepEqual([status, body.code], [403, "volume_changed"]);
  assert.deepEqual(readdirSync(join(outside, "in")), []);
});

test("of two volumes that are made to lead to each other none is mounted", async (t) => {
  const [one, other] = [makeVolume(), makeVolume()];
  swapping(
    t,
    ["mv", one, `${one}-old`],
    ["mv", other, `${other}-old`],
    ["ln", "-s", `${other}-old`, one],
    ["ln", "-s", `${one}-old`, other],
  );
  const { body } = await run(scripted("true", { podman: { volumes: [`${one}:/a`, `${other}:/b`] } }));
  assert.equal(body.code, "volume_changed");
});

test("a volume's folder is the same with blanks and other signs in its name, below another volume too", async () => {
  const [odd, inner] = [join(place.volumes, "a b\\c #ü"), makeVolume()];
  renameSync(makeVolume(), odd);
  const podman = { volumes: [`${odd}:/data/a b`, `${inner}:/data/a b/in`] };
  const { body } = await run(scripted("touch '/data/a b/one' '/data/a b/in/two'", { podman }));
  assert.equal(body.status, "completed", body.error);
  assert.deepEqual([existsSync(join(odd, "one")), readdirSync(inner)], [true, ["two"]]);
});

test("a target that is a link in the image is refused", async () => {
  const { status, body } = await peek(makeVolume(), "/var/lock");
  assert.deepEqual([status, body.code], [403, "volume_changed"]);
  assert.match(body.error ?? "", /\/var\/lock is a link/);
});

test("a link that an agent has planted in one volume leads no other volume elsewhere", async () => {
  const [trap, volume] = [makeVolume(), makeVolume()];
  symlinkSync("/srv", join(trap, "in"));
  const podman = { volumes: [`${trap}:/data`, `${volume}:/data/in`] };
  const { body } = await run(scripted("true", { podman }));
  assert.equal(body.code, "volume_changed");
});

test("a folder that is missing is made for the agent, where policy says so", async () => {
  const path = join(place.volumes, "made/for it");
  const { body } = await maker.run(scripted("touch /data/here; id -u", { podman: { volumes: [`${path}:/data`] } }));
  assert.equal(body.status, "completed", body.error);
  assert.deepEqual(readdirSync(path), ["here"]);
  const user = volumeOwner === process.getuid?.() ? volumeOwner : 1000;
  assert.equal(body.output, String(user));
});

test("no folder is made below an entry for reading, nor through a link, nor without leave", async () => {
  const volume = makeVolume();
  symlinkSync(join(outside, "new"), join(volume, "link"));
  for (const path of [join(outside, "new"), join(volume, "link"), join(volume, "link/x"), `${volume}/a/../b`]) {
    const { body } = await maker.run({ prompt: "hello", podman: { volumes: [`${path}:/data`] } });
    assert.equal(body.code, "volume_not_allowed", path);
  }
  const { body } = await run({ prompt: "hello", podman: { volumes: [`${volume}/new:/data`] } });
  assert.equal(body.code, "volume_not_allowed");
  assert.deepEqual([readdirSync(outside), readdirSync(volume)], [["secret"], ["link"]]);
});
