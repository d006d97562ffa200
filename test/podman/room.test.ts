import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createRoom } from "../../lib/podman/room.ts";
import { tempFolder } from "../harness.ts";

/** A room whose disk has as much free as the test says. */
const openRoom = (t: TestContext, { broken = 0 } = {}) => {
  const folder = tempFolder(t);
  const disk = { free: 1000, asked: 0 };
  const info = JSON.stringify({ store: { graphRoot: folder, imageCopyTmpDir: folder } });
  const output = () => {
    disk.asked += 1;
    return disk.asked > broken ? Promise.resolve(info) : Promise.reject(new Error("podman is busy"));
  };
  const freeAt = () => Promise.resolve(disk.free);
  const note = join(tempFolder(t), "downloads");
  const open = () => createRoom({ podman: { output }, keepFree: 500, mark: "m", note, freeAt });
  return { folder, disk, note, room: open(), open };
};

const nothing = () => Promise.resolve();

test("a download has a folder that is gone afterwards", async (t) => {
  const { folder, room } = openRoom(t);
  const used = await room.forDownload((path) => Promise.resolve([path, existsSync(path)]));
  assert.deepEqual([used[1], readdirSync(folder)], [true, []]);
});

test("a download that fails leaves no folder either", async (t) => {
  const { folder, room } = openRoom(t);
  await assert.rejects(
    room.forDownload(() => Promise.reject(new Error("no"))),
    /no/,
  );
  assert.deepEqual(readdirSync(folder), []);
});

test("nothing is begun where too little is free", async (t) => {
  const { disk, room } = openRoom(t);
  disk.free = 499;
  await assert.rejects(
    room.forDownload(() => Promise.reject(new Error("it has begun"))),
    { code: "disk_full" },
  );
});

test("a download on whose way too little becomes free is told so", async (t) => {
  const { disk, room } = openRoom(t);
  const reason = await room.forDownload(async (_, full) => {
    disk.free = 0;
    if (!full.aborted) await once(full, "abort");
    return full.reason as { code: string };
  });
  assert.equal(reason.code, "disk_full");
});

test("what a daemon that was killed has left is removed by the next one, which does not ask Podman for it, and nothing else", async (t) => {
  const { folder, room, open, disk } = openRoom(t);
  await room.forDownload(nothing);
  for (const name of ["stromboli-pull-m-1", "stromboli-pull-other-1", "storage1"]) mkdirSync(join(folder, name));
  await open().clear();
  assert.deepEqual(readdirSync(folder).toSorted(), ["storage1", "stromboli-pull-other-1"]);
  assert.equal(disk.asked, 1);
});

test("where nothing was ever downloaded, or the folder is gone, there is nothing to remove", async (t) => {
  const { folder, note, room, open } = openRoom(t);
  await room.clear();
  writeFileSync(note, join(folder, "gone"));
  await open().forDownload(nothing);
});

test("what could not be removed at the start is removed before the first download", async (t) => {
  const { folder, note, room } = openRoom(t);
  writeFileSync(note, "/dev/null");
  await assert.rejects(room.clear(), { code: "ENOTDIR" });
  writeFileSync(note, folder);
  mkdirSync(join(folder, "stromboli-pull-m-1"));
  await room.forDownload(nothing);
  assert.deepEqual(readdirSync(folder), []);
});

test("Podman is asked once where it keeps images, and again only when it could not say", async (t) => {
  const { disk, room } = openRoom(t, { broken: 1 });
  await assert.rejects(room.forDownload(nothing), /busy/);
  await room.forDownload(nothing);
  await room.forDownload(nothing);
  assert.equal(disk.asked, 2);
});
