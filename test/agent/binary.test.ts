import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createCliFinder } from "../../lib/agent/binary.ts";
import type { LocalImage } from "../../lib/podman/images.ts";
import { cliVersion } from "../../lib/version.ts";
import { configOf, tempFolder, writeFiles } from "../harness.ts";

const image = (more: Partial<LocalImage> = {}): LocalImage => ({
  id: "sha256:1",
  digest: "sha256:2",
  architecture: "amd64",
  path: "/usr/bin:/bin",
  libc: "glibc",
  shell: true,
  ...more,
});

/** A finder with both builds in place. */
const finderOf = (t: TestContext) => {
  const folder = tempFolder(t);
  writeFiles(folder, { glibc: "", musl: "" });
  const [glibc, musl] = [join(folder, "glibc"), join(folder, "musl")];
  return {
    glibc,
    musl,
    finder: createCliFinder(configOf({ claude: { binary: glibc, musl_binary: musl } }), { arch: "x64" }),
  };
};

test("a glibc image gets the glibc build, a musl image the musl build", (t) => {
  const { finder, glibc, musl } = finderOf(t);
  assert.deepEqual([finder.forImage("a", image()), finder.forImage("a", image({ libc: "musl" }))], [glibc, musl]);
});

test("an image without a C library is refused by name, with what to do", (t) => {
  const { finder } = finderOf(t);
  assert.throws(() => finder.forImage("distroless/static", image({ libc: "none" })), {
    code: "image_incompatible",
    message: /distroless\/static has no C library.*Debian/,
  });
});

test("an image for another machine is refused by name", (t) => {
  const { finder } = finderOf(t);
  assert.throws(() => finder.forImage("a", image({ architecture: "arm64" })), {
    code: "image_incompatible",
    message: /image a is for arm64 and this machine is amd64/,
  });
});

test("a musl image is refused with what to do when there is no musl build", (t) => {
  const missing = join(tempFolder(t), "none");
  const finder = createCliFinder(configOf({ claude: { musl_binary: missing } }), { arch: "x64" });
  assert.throws(() => finder.forImage("alpine:3", image({ libc: "musl" })), {
    code: "image_incompatible",
    message: /alpine:3 is built on musl.*setup --musl/,
  });
});

test("the musl build that was fetched is found by the CLI's version", (t) => {
  const fetched = tempFolder(t);
  const finder = createCliFinder(configOf(), { arch: "x64", fetched });
  assert.throws(() => finder.forImage("alpine:3", image({ libc: "musl" })), { code: "image_incompatible" });
  writeFiles(fetched, { [`${cliVersion}/claude`]: "" });
  assert.equal(finder.forImage("alpine:3", image({ libc: "musl" })), join(fetched, cliVersion, "claude"));
});

test("a CLI that is not there is told before any image is asked for", (t) => {
  const finder = createCliFinder(configOf({ claude: { binary: join(tempFolder(t), "none") } }), { arch: "x64" });
  assert.equal(finder.glibc(), undefined);
  assert.throws(() => finder.forImage("a", image()), { code: "image_incompatible", message: /npm ci/ });
});

test("the CLI that npm installed is found by itself", () => {
  assert.match(createCliFinder(configOf()).glibc() ?? "", /claude-code-linux-[a-z0-9]+\/claude$/);
});
