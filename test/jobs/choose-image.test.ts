import assert from "node:assert/strict";
import { test } from "node:test";
import { StromboliError } from "../../lib/errors.ts";
import { chooseImage } from "../../lib/jobs/choose-image.ts";
import { configOf } from "../harness.ts";

const hub = "docker.io/library/python:3";
const local = "localhost/python:3";
const inside = { architecture: "amd64", path: "/bin", libc: "glibc" as const };

const missing = () => Promise.reject(new StromboliError("image_not_found", "it is not here"));

/** What is chosen for `python:3` where some references are here. */
const choose = (
  pull: "never" | "missing" | "always",
  here: readonly string[],
  { runs = true, shell = true, workdir = "/src" } = {},
) => {
  const findAny = (references: readonly string[]) => {
    const reference = references.find((one) => here.includes(one));
    return Promise.resolve(reference === undefined ? undefined : { ...inside, shell, id: "1", digest: "2", reference });
  };
  const forImage = () => {
    if (!runs) throw new StromboliError("image_incompatible", "no agent can run in it");
    return "/claude";
  };
  const cli = { forImage };
  const deps = { config: configOf({ policy: { pull } }), images: { find: missing, findAny }, cli };
  return chooseImage(deps, { images: [local, hub], hooks: undefined, workdir, volumes: [], stack: undefined });
};

const toPull = { reference: hub, id: "", digest: "" };
const found = (reference: string) => ({ reference, id: "1", digest: "2" });

test("without pulls an image that is not here is refused", async () => {
  await assert.rejects(choose("never", []), { code: "image_not_found" });
});

for (const [pull, here, image] of [
  ["never", [hub], found(hub)],
  ["missing", [], toPull],
  ["missing", [hub], found(hub)],
  ["missing", [local, hub], found(local)],
  ["always", [], toPull],
  ["always", [hub], toPull],
  ["always", [local, hub], found(local)],
] as const)
  test(`with ${pull}, and ${here.join(" and ") || "nothing"} here, it is ${image.id ? "" : "a pull of "}${image.reference}`, async () => {
    assert.deepEqual(await choose(pull, here), image);
  });

test("an image that is here and cannot run is refused", async () => {
  await assert.rejects(choose("missing", [hub], { runs: false }), { code: "image_incompatible" });
});

test("an image without a shell is refused where the workdir is made with one, and no other", async () => {
  const shell = false;
  await assert.rejects(choose("never", [hub], { shell, workdir: "/tmp/src" }), {
    code: "image_incompatible",
    message: /python:3 has no \/bin\/sh, and the workdir \/tmp\/src is made with it/,
  });
  for (const workdir of ["/src", "/tmp"])
    assert.deepEqual(await choose("never", [hub], { shell, workdir }), found(hub));
});
