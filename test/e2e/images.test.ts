import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { imageFrom, podman } from "./podman.ts";
import { bash } from "./requests.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after });
const { run } = stromboli;

const volumes = async () => (await podman("volume", "ls", "--quiet")).stdout;

test("an image that is not there is refused with 404 and the way to get it", async () => {
  const image = "localhost/stromboli-e2e-missing:latest";
  const { status, body } = await run({ prompt: "hello", podman: { image } });
  assert.deepEqual([status, body.code], [404, "image_not_found"]);
  assert.match(body.error ?? "", new RegExp(`podman pull ${image}`));
});

test("an image without a C library is refused with the reason", async (t) => {
  const image = await imageFrom(t, ["/etc/empty"]);
  const { status, body } = await run({ prompt: "hello", podman: { image } });
  assert.deepEqual([status, body.code], [400, "image_incompatible"]);
  assert.match(body.error ?? "", /no C library.*Debian/);
});

test("an image built on musl is refused with the reason while the musl build is not installed", async (t) => {
  const loader = process.arch === "arm64" ? "/lib/ld-musl-aarch64.so.1" : "/lib/ld-musl-x86_64.so.1";
  const image = await imageFrom(t, [loader]);
  const { status, body } = await run({ prompt: "hello", podman: { image } });
  assert.deepEqual([status, body.code], [400, "image_incompatible"]);
  assert.match(body.error ?? "", /musl.*claude\.musl_binary/);
});

test("an image's own entry point, user, variables, workdir and volumes do not get in the way", async (t) => {
  const image = await imageFrom(t, [], {
    ENTRYPOINT: '["/bin/false"]',
    CMD: '["/bin/false"]',
    USER: "root",
    WORKDIR: "/nowhere",
    VOLUME: "/image-volume",
    ENV: "ANTHROPIC_BASE_URL=http://192.0.2.1 HOME=/root ANTHROPIC_UNIX_SOCKET=/tmp/none IMAGE_SAYS=hello",
  });
  const before = await volumes();
  const { body } = await run(bash('id -u; pwd; echo "$HOME $IMAGE_SAYS"', { podman: { image } }));
  assert.match(body.output ?? "", /^result: [1-9]\d*\n\/workspace\n\/home\/agent hello$/);
  assert.equal(body.image?.reference, image);
  await until("its volumes to go", async () => (await volumes()) === before);
});

for (const image of ["--privileged", "-v", "a b", "a;b", "", "a\nb", "$(id)", "../x"]) {
  test(`${JSON.stringify(image)} is no image`, async () => {
    const { status, body } = await run({ prompt: "hello", podman: { image } });
    assert.deepEqual([status, body.code, body.details?.[0]?.path], [400, "invalid_request", "podman.image"]);
  });
}
