import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createImages } from "../../lib/podman/images.ts";
import { createPodman } from "../../lib/podman/podman.ts";
import { until } from "../e2e/wait.ts";
import { openStores, standIn, tempFolder, writeFiles } from "../harness.ts";

/** Images of a Podman whose `image inspect` and `cp` answer as told; it notes what it was asked to do. */
const imagesOf = (t: TestContext, { inspect, cp }: { inspect: string; cp: string }) => {
  const journal = `${tempFolder(t)}/journal`;
  const script = `journal=${journal}\necho "$1" >> $journal\ncase $1 in image) ${inspect};; cp) ${cp};; journal) cat $journal;; esac`;
  const podman = createPodman({ binary: standIn(t, script), env: { PATH: process.env["PATH"] ?? "" } });
  const { images: store } = openStores(t);
  const asked = async () => (await podman.output(["journal"])).split("\n").slice(0, -1);
  return { images: createImages({ podman, store, label: "stromboli.state=s", now: () => 1 }), asked };
};

const inspection = {
  Id: "sha256:id",
  Digest: "sha256:digest",
  Architecture: "amd64",
  Config: { Env: ["A=1", "PATH=/x/bin:/bin"] },
};
const found = `echo '${JSON.stringify([inspection])}'`;

for (const [libc, cp] of [
  ["glibc", 'case "$3" in *ld-linux-x86-64*) exit 0;; *) echo "Error: could not be found" >&2; exit 125;; esac'],
  ["musl", 'case "$3" in *ld-musl-x86_64*) exit 0;; *) echo "Error: could not be found" >&2; exit 125;; esac'],
  ["none", 'echo "Error: could not be found" >&2; exit 125'],
] as const) {
  test(`the C library of an image is told by its loader: ${libc}`, async (t) => {
    const { images } = imagesOf(t, { inspect: found, cp });
    const known = { id: "sha256:id", digest: "sha256:digest", architecture: "amd64", path: "/x/bin:/bin" };
    assert.deepEqual(await images.find(["x"]), { ...known, libc, shell: false, reference: "x" });
  });
}

test("a run waits for the C library and the shell alone, and tools are looked for when they are asked for", async (t) => {
  const { images, asked } = imagesOf(t, { inspect: found, cp: "exit 0" });
  const copies = async () => (await asked()).filter((command) => command === "cp").length;
  assert.deepEqual([(await images.find(["x"])).shell, await copies()], [true, 2]);
  const { tools } = await images.inside({ id: "sha256:id", architecture: "amd64", path: "/x/bin:/bin" });
  assert.deepEqual([tools, await copies()], [[], 6]);
  await images.find(["x"]);
  assert.equal(await copies(), 6);
});

test("an image that is not there is named, with how to get it", async (t) => {
  const { images } = imagesOf(t, { inspect: 'echo "Error: debian:99: image not known" >&2; exit 125', cp: "exit 1" });
  await assert.rejects(images.find(["debian:99"]), { code: "image_not_found", message: /images pull debian:99/ });
});

test("of several references the first that is there is the image", async (t) => {
  const inspect = `[ "$4" = b ] || { echo "Error: image not known" >&2; exit 125; }; ${found}`;
  const { images } = imagesOf(t, { inspect, cp: "exit 0" });
  assert.equal((await images.find(["a", "b", "c"])).reference, "b");
});

test("an image that Podman does not find for a moment, while another one is removed, is there", async (t) => {
  const gone = 'echo "Error: x: image not known" >&2; exit 125';
  const inspect = `[ "$(grep -c image "$journal")" = 1 ] && { ${gone}; }; ${found}`;
  const { images } = imagesOf(t, { inspect, cp: "exit 0" });
  assert.equal((await images.find(["x"])).id, "sha256:id");
});

test("a Podman that fails for another reason has not said that an image is missing", async (t) => {
  const { images } = imagesOf(t, { inspect: 'echo "Error: database is locked" >&2; exit 125', cp: "exit 1" });
  await assert.rejects(images.find(["x"]), { code: "podman_failed", message: /database is locked/ });
});

test("an image without variables has the usual PATH", async (t) => {
  const bare = JSON.stringify([{ ...inspection, Config: { Env: null } }]);
  const { images } = imagesOf(t, { inspect: `echo '${bare}'`, cp: "exit 0" });
  assert.match((await images.find(["x"])).path, /^\/usr\/local\/sbin:.*:\/bin$/);
});

test("an image is looked into once, however often and at the same time it is asked for", async (t) => {
  const { images, asked } = imagesOf(t, { inspect: found, cp: "exit 0" });
  await Promise.all([images.find(["a"]), images.find(["b"])]);
  await images.find(["c"]);
  assert.equal((await asked()).filter((command) => command === "create").length, 1);
});

test("the container that was made to look inside is removed, whatever was found", async (t) => {
  const { images, asked } = imagesOf(t, { inspect: found, cp: "exit 0" });
  await images.find(["a"]);
  assert.equal((await asked()).at(-1), "rm");
});

test("a Podman that cannot copy has not said that there is no C library", async (t) => {
  const { images, asked } = imagesOf(t, { inspect: found, cp: 'echo "Error: database is locked" >&2; exit 125' });
  await assert.rejects(images.find(["a"]), { code: "podman_failed", message: /database is locked/ });
  assert.equal((await asked()).at(-1), "rm");
});

test("a look that failed is taken again", async (t) => {
  const { images } = imagesOf(t, { inspect: found, cp: "kill -9 $$" });
  await assert.rejects(images.find(["a"]), { code: "podman_unusable" });
  await assert.rejects(images.find(["a"]), { code: "podman_unusable" });
});

test("an image that was found is had by its id without asking Podman again", async (t) => {
  const { images, asked } = imagesOf(t, { inspect: found, cp: "exit 0" });
  const { reference: _, ...image } = await images.find(["a"]);
  const before = (await asked()).length;
  assert.deepEqual([await images.byId("sha256:id"), (await asked()).length - before], [image, 1]); // the asking itself
});

test("an image that a former daemon found is had by its id", async (t) => {
  const { images } = imagesOf(t, { inspect: found, cp: "exit 0" });
  assert.equal((await images.byId("sha256:id")).path, "/x/bin:/bin");
});

test("a tag that was given to another image leads there", async (t) => {
  const folder = tempFolder(t);
  const other = JSON.stringify([{ ...inspection, Id: "sha256:other" }]);
  const { images } = imagesOf(t, { inspect: `[ -e ${folder}/moved ] && echo '${other}' || ${found}`, cp: "exit 0" });
  const first = await images.find(["a"]);
  writeFiles(folder, { moved: "" });
  assert.deepEqual([first.id, (await images.find(["a"])).id], ["sha256:id", "sha256:other"]);
});

test("a look under way is ended when the daemon stops, and its container is removed", async (t) => {
  const { images, asked } = imagesOf(t, { inspect: found, cp: "exec sleep 60" });
  const looked = assert.rejects(images.find(["a"]), { code: "shutting_down" });
  await until("the look", async () => (await asked()).includes("cp"));
  await images[Symbol.asyncDispose]();
  await looked;
  assert.equal(
    (await asked()).findLast((command) => command !== "journal"),
    "rm",
  );
});
