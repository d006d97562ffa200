import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import type { Image } from "../../lib/schema/image.ts";
import { defaultImage, imageFrom, podman } from "./podman.ts";
import { bash } from "./requests.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after });
const { run, send } = stromboli;

const volumes = async () => (await podman("volume", "ls", "--quiet")).stdout;

test("an image that is not there is refused with 404 and the way to get it", async () => {
  const image = "localhost/stromboli-e2e-missing:latest";
  const { status, body } = await run({ prompt: "hello", podman: { image } });
  assert.deepEqual([status, body.code], [404, "image_not_found"]);
  assert.match(body.error ?? "", /build it there/);
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
  assert.match(body.error ?? "", /musl.*setup --musl/);
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

const fullName = ({ repository, tag }: Image) => `${repository}:${tag}`;

/** What GET /images says of some, once all of them have been looked into. */
const listed = (names: readonly string[]) =>
  until("the looks to end", async () => {
    const { images } = (await (await send("/images")).json()) as { images: Image[] };
    const known = images.filter((image) => names.includes(fullName(image)) && image.compatibility_rank !== 3);
    return known.length === names.length && images;
  });

test("images are listed, best first, with what was found inside", async (t) => {
  const image = await imageFrom(t, ["/etc/empty"]);
  const images = await listed([image, defaultImage]);
  const ranks = images.map(({ compatibility_rank }) => compatibility_rank);
  assert.deepEqual(
    ranks,
    ranks.toSorted((a, b) => a - b),
  );
  const found = images.filter((one) => [image, defaultImage].includes(fullName(one)));
  assert.deepEqual(
    found.map((one) => [fullName(one), one.compatibility_rank, one.libc]),
    [
      [defaultImage, 1, "glibc"],
      [image, 4, "none"],
    ],
  );
});

for (const name of ["localhost/stromboli-agent:latest", "localhost%2Fstromboli-agent%3Alatest", "stromboli-agent"])
  test(`an image is found as ${name}`, async () => {
    const answer = await send(`/images/${name}`);
    const body = (await answer.json()) as { repository: string; tools: string[] };
    assert.deepEqual([answer.status, body.repository], [200, "localhost/stromboli-agent"]);
    assert.ok(body.tools.includes("bash") && body.tools.includes("git"));
  });

test("commands are found on an image's own PATH, and what is no command is none", async (t) => {
  const image = await imageFrom(t, [], {
    USER: "root",
    RUN: "mkdir -p /opt/x/bin && printf x > /opt/x/bin/go && chmod +x /opt/x/bin/go && printf x > /opt/x/bin/cargo",
    ENV: "PATH=/opt/x/bin:/bin",
  });
  const { tools } = (await (await send(`/images/${image}`)).json()) as { tools: string[] };
  assert.deepEqual([tools.includes("go"), tools.includes("cargo"), tools.includes("sh")], [true, false, true]);
});

test("an image without a shell is told apart from one in which nothing runs", async (t) => {
  const loader = process.arch === "arm64" ? "/lib/ld-linux-aarch64.so.1" : "/lib64/ld-linux-x86-64.so.2";
  const image = (await (await send(`/images/${await imageFrom(t, [loader])}`)).json()) as Image;
  assert.deepEqual([image.compatibility_rank, image.libc, image.tools], [2, "glibc", []]);
  assert.match(image.rank_description, /no bash/);
});

test("an image that is not here is 404", async () => {
  const answer = await send("/images/docker.io/library/none:1");
  assert.deepEqual([answer.status, ((await answer.json()) as { code: string }).code], [404, "image_not_found"]);
});
