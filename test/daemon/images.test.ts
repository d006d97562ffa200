import assert from "node:assert/strict";
import { test } from "node:test";
import { StromboliError } from "../../lib/errors.ts";
import { openApp } from "./harness.ts";

const image = {
  id: "1",
  names: ["docker.io/library/python:3.12"],
  digest: "sha256:2",
  architecture: process.arch === "arm64" ? "arm64" : "amd64",
  path: "/bin",
  bytes: 1000,
  createdAt: "2026-01-01T00:00:00Z",
  labels: { "org.opencontainers.image.description": "Python" },
  health: undefined,
  libc: "glibc" as const,
  shell: true,
  tools: ["bash", "git", "claude"],
};
const empty = { ...image, id: "2", names: ["localhost/a:1", "localhost/a:2"], libc: "none" as const, tools: [] };
const bare = { ...image, id: "3", names: ["localhost:5000/b:1"], tools: ["bash"] };

const pulling = (done: Promise<string>) => ({
  join: () => ({
    done,
    async *lines() {
      yield await Promise.resolve("Copying blob");
    },
  }),
});

test("images are listed by rank, repository and tag, once for each name", async (t) => {
  const { json } = openApp(t, { images: [empty, bare, image] });
  const { status, body } = await json("/images");
  const images = body["images"] as Record<string, unknown>[];
  assert.equal(status, 200);
  assert.deepEqual(
    images.map(({ compatibility_rank, repository, tag }) => [compatibility_rank, repository, tag]),
    [
      [1, "docker.io/library/python", "3.12"],
      [2, "localhost:5000/b", "1"],
      [4, "localhost/a", "1"],
      [4, "localhost/a", "2"],
    ],
  );
});

test("a machine without images has an empty list", async (t) => {
  const { json } = openApp(t);
  assert.deepEqual((await json("/images")).body, { images: [] });
});

test("an image is told in full", async (t) => {
  const { json } = openApp(t, { images: [image] });
  assert.deepEqual((await json("/images/docker.io/library/python:3.12")).body, {
    id: "1",
    repository: "docker.io/library/python",
    tag: "3.12",
    size: 1000,
    created: "2026-01-01T00:00:00Z",
    description: "Python",
    compatible: true,
    compatibility_rank: 1,
    rank_description: "it has glibc, bash and git",
    has_claude_cli: true,
    tools: ["bash", "git"],
    digest: "sha256:2",
    architecture: image.architecture,
    libc: "glibc",
    labels: image.labels,
  });
});

for (const name of ["python:3.12", "docker.io%2Flibrary%2Fpython%3A3.12", "docker.io%2Flibrary/python:3.12", "1"])
  test(`an image is found as ${name}`, async (t) => {
    const { json } = openApp(t, { images: [{ ...image, id: "0123456789ab" }] });
    const { status } = await json(`/images/${name === "1" ? "0123456789ab" : name}`);
    assert.equal(status, 200);
  });

for (const [path, status, code] of [
  ["/images/none:1", 404, "image_not_found"],
  ["/images/a%20b", 400, "invalid_request"],
  ["/images/A/b", 400, "invalid_request"],
  ["/images/../x", 404, "not_found"],
  ["/images/search", 400, "invalid_request"],
  ["/images/search?q=", 400, "invalid_request"],
  ["/images/search?q=-x", 400, "invalid_request"],
  ["/images/search?q=x&limit=0", 400, "invalid_request"],
  ["/images/search?q=x&limit=101", 400, "invalid_request"],
  ["/images/search?q=x&no_trunc=maybe", 400, "invalid_request"],
  ["/images/search?q=x&more=1", 400, "invalid_request"],
] as const)
  test(`GET ${path} is ${status} ${code}`, async (t) => {
    const { json } = openApp(t);
    const { status: answered, body } = await json(path);
    assert.deepEqual([answered, body["code"]], [status, code]);
  });

for (const [body, field] of [
  [{}, "image"],
  [{ image: "--privileged" }, "image"],
  [{ image: "a b" }, "image"],
  [{ image: "python", platform: "arm" }, "platform"],
  [{ image: "python", platform: "linux/arm64 --all-tags" }, "platform"],
  [{ image: "python", quiet: "yes" }, "quiet"],
  [{ image: "python", tag: "1" }, "tag"],
] as const)
  test(`a pull of ${JSON.stringify(body)} is refused for its ${field}`, async (t) => {
    const { post } = openApp(t);
    const { status, body: said } = await post("/images/pull", body);
    assert.deepEqual([status, said["code"]], [400, "invalid_request"]);
    assert.equal((said["details"] as { path: string }[])[0]?.path, field);
  });

test("a pull that policy refuses is 403, also as a stream", async (t) => {
  const { post } = openApp(t, { policy: { images: ["quay.io/**"] } });
  const { status, body } = await post("/images/pull", { image: "python" }, { accept: "text/event-stream" });
  assert.deepEqual([status, body["code"]], [403, "image_not_allowed"]);
});

test("a pull for another platform is refused before anything is asked of a registry, also as a stream", async (t) => {
  const { post } = openApp(t);
  for (const accept of ["application/json", "text/event-stream"]) {
    const { status, body } = await post("/images/pull", { image: "python", platform: "linux/s390x" }, { accept });
    assert.deepEqual([status, body["code"]], [400, "image_incompatible"]);
    assert.match(String(body["error"]), /linux\/s390x cannot run here.*linux\/(amd64|arm64)$/);
  }
});

test("a pull for this machine's own platform is a pull like any other", async (t) => {
  const { post } = openApp(t, { images: [image], join: pulling(Promise.resolve("1")).join });
  const platform = `linux/${image.architecture}`;
  assert.equal((await post("/images/pull", { image: "python:3.12", platform })).status, 200);
});

test("a pull is answered with the image's id and rank", async (t) => {
  const { post } = openApp(t, { images: [image], join: pulling(Promise.resolve("1")).join });
  assert.deepEqual((await post("/images/pull", { image: "python:3.12" })).body, {
    success: true,
    image_id: "1",
    image: "docker.io/library/python:3.12",
    compatibility_rank: 1,
    rank_description: "it has glibc, bash and git",
  });
});

test("a quiet stream has no progress", async (t) => {
  const { call } = openApp(t, { images: [image], join: pulling(Promise.resolve("1")).join });
  const eventsOf = async (quiet: boolean) => {
    const body = JSON.stringify({ image: "python:3.12", quiet });
    const { text } = await call("/images/pull", { method: "POST", body, headers: { accept: "text/event-stream" } });
    return text.match(/(?<=^event: ).*/gm);
  };
  assert.deepEqual([await eventsOf(false), await eventsOf(true)], [["progress", "done"], ["done"]]);
});

test("a pull that a registry denies is 502", async (t) => {
  const denied = Promise.reject<string>(new StromboliError("registry_denied", "it does not let you"));
  const { post } = openApp(t, { join: pulling(denied).join });
  const { status, body } = await post("/images/pull", { image: "python" });
  assert.deepEqual([status, body["code"]], [502, "registry_denied"]);
});

test("images need their scope", async (t) => {
  const { json, apiTokens } = openApp(t, { auth: { required: "always" } });
  const statusFor = async (scope: "images" | "run") => {
    const { token } = apiTokens.create({ name: scope, scopes: [scope] });
    return (await json("/images", { headers: { authorization: `Bearer ${token}` } })).status;
  };
  assert.deepEqual([await statusFor("images"), await statusFor("run")], [200, 403]);
});
