import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
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
  return { folder, disk, room: createRoom({ podman: { output }, keepFree: 500, mark: "m", freeAt }) };
};

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

test("the first download removes what a daemon that was killed has left, and nothing else", async (t) => {
  const { folder, room } = openRoom(t);
  for (const name of ["stromboli-pull-m-1", "stromboli-pull-other-1", "storage1"]) mkdirSync(join(folder, name));
  await room.forDownload(() => Promise.resolve());
  assert.deepEqual(readdirSync(folder).toSorted(), ["storage1", "stromboli-pull-other-1"]);
});

test("Podman is asked once where it keeps images, and again only when it could not say", async (t) => {
  const { disk, room } = openRoom(t, { broken: 1 });
  await assert.rejects(
    room.forDownload(() => Promise.resolve()),
    /busy/,
  );
  await room.forDownload(() => Promise.resolve());
  await room.forDownload(() => Promise.resolve());
  assert.equal(disk.asked, 2);
});
