import assert from "node:assert/strict";
import { test } from "node:test";
import { allows, normalise, planImages, planPull, planSearch, pullable } from "../../lib/policy/images.ts";
import { configOf } from "../harness.ts";

const digest = `sha256:${"a".repeat(64)}`;

for (const [text, full] of [
  ["python", "docker.io/library/python:latest"],
  ["python:3.12", "docker.io/library/python:3.12"],
  ["ann/tool", "docker.io/ann/tool:latest"],
  ["docker.io/python", "docker.io/library/python:latest"],
  ["index.docker.io/ann/tool:1", "docker.io/ann/tool:1"],
  ["ghcr.io/acme/a/b:v1", "ghcr.io/acme/a/b:v1"],
  ["localhost/tool", "localhost/tool:latest"],
  ["localhost:5000/tool", "localhost:5000/tool:latest"],
  ["registry:5000/a/tool:1", "registry:5000/a/tool:1"],
  [`python@${digest}`, `docker.io/library/python@${digest}`],
  [`ghcr.io/a/b:1@${digest}`, `ghcr.io/a/b@${digest}`],
] as const) {
  test(`${text} is ${full} in full`, () => {
    const { name, suffix } = normalise(text);
    assert.equal(name + suffix, full);
  });
}

const misshapen =
  "/ a/ /a a//b a: a@ a:b:c -a a- .a a..b ../a a/../b a@sha256:12 registry:99999999/a docker://a a:-x ** a/*";
for (const text of ["", "a b", "a\n", `a@${digest}b`, ...misshapen.split(" ")]) {
  test(`${JSON.stringify(text)} is no image reference`, () => {
    assert.throws(() => normalise(text), { code: "invalid_request", message: /NAME:TAG/ });
  });
}

for (const text of ["Python", "ghcr.io/Acme/tool:1", "GHCR.io/acme/tool"]) {
  test(`${text} is refused for its capitals`, () => {
    assert.throws(() => normalise(text), { code: "invalid_request", message: /lower case/ });
  });
}

test("a tag may have capitals", () => assert.equal(normalise("a:V1").suffix, ":V1"));

for (const [pattern, fitting, other] of [
  ["**", ["python", "ghcr.io/a/b", `x@${digest}`], []],
  [
    "python",
    ["python", "python:3.12", `docker.io/library/python@${digest}`],
    ["ann/python", "localhost/python", "pythonx"],
  ],
  ["python:3.*", ["python:3.12"], ["python", "python:3", `python@${digest}`, `python:3.12@${digest}`]],
  ["*", ["python", "debian:12"], ["ann/tool", "localhost/x"]],
  ["acme/*", ["acme/a", "acme/a:1"], ["acme/a/b", "acmex/a", "ghcr.io/acme/a"]],
  [
    "ghcr.io/acme/**",
    ["ghcr.io/acme/a", "ghcr.io/acme/a/b:2"],
    ["ghcr.io/acmex/a", "ghcr.iox/acme/a", "ghcrxio/acme/a"],
  ],
  ["ghcr.io/*/tool", ["ghcr.io/a/tool"], ["ghcr.io/a/b/tool", "ghcr.io/a/toolx"]],
  ["**/tool", ["ghcr.io/a/b/tool", "ann/tool"], ["ann/toolx"]],
  ["localhost/*", ["localhost/tool:1"], ["localhost:5000/tool"]],
  ["localhost:5000/**", ["localhost:5000/a/b"], ["localhost/a", "localhost:50001/a"]],
  ["*.example.com/**", ["eu.example.com/a"], ["example.com/a", "eu.examplexcom.io/a", "a/b"]],
  [`python@${digest}`, [`python@${digest}`], ["python", `python@sha256:${"b".repeat(64)}`]],
] as const) {
  test(`${pattern} means what it says`, () => {
    const all = [...fitting, ...other];
    assert.deepEqual(
      all.filter((text) => allows(pattern, normalise(text))),
      fitting,
    );
  });
}

const plan = (asked: string | undefined, images?: string[], image = "localhost/own:1") =>
  planImages(asked, configOf({ podman: { image }, policy: { ...(images && { images }) } }));
const refused = (asked: string, images: string[]) =>
  assert.throws(() => plan(asked, images), {
    code: "image_not_allowed",
    message: new RegExp(`image ${asked} is not allowed`),
  });

test("any image is allowed where the configuration says nothing", () => {
  assert.deepEqual(plan("ghcr.io/a/b"), ["ghcr.io/a/b:latest"]);
});

test("without a registry an image that was built here goes before Docker Hub's", () => {
  assert.deepEqual(plan("tool:1"), ["localhost/tool:1", "docker.io/library/tool:1"]);
});

test("of the images that a short name may mean those that are not allowed are not even looked for", () => {
  assert.deepEqual(plan("python", ["docker.io/library/*"]), ["docker.io/library/python:latest"]);
  assert.deepEqual(plan("python", ["localhost/*"]), ["localhost/python:latest"]);
});

test("without patterns only the default image is allowed, however it is written", () => {
  assert.deepEqual(
    [plan(undefined, []), plan("localhost/own:1", []), plan("own:1", [])],
    [["localhost/own:1"], ["localhost/own:1"], ["localhost/own:1"]],
  );
  refused("own:2", []);
});

test("the default image is allowed whatever the patterns say", () => {
  assert.deepEqual(plan(undefined, ["ghcr.io/**"]), ["localhost/own:1"]);
});

for (const id of ["0123456789ab", "a".repeat(64), digest]) {
  test(`an id does not get round the patterns: ${id.slice(0, 15)}`, () => {
    refused(id, ["docker.io/**", "localhost/*", "**/a", "*"]);
    assert.deepEqual([plan(id), plan(id, ["x", "**"])], [[id], [id]]);
  });
}

test("a short hexadecimal word is a name and no id", () => {
  assert.deepEqual(plan("cafe"), ["localhost/cafe:latest", "docker.io/library/cafe:latest"]);
});

test("a reference that is none is refused as such, also where any image is allowed", () => {
  assert.throws(() => plan("Python"), { code: "invalid_request", message: /^Python / });
});

test("a pull without a registry is Docker Hub's", () => {
  assert.equal(planPull("python:3.12", configOf()), "docker.io/library/python:3.12");
});

for (const [image, code] of [
  ["localhost/mine:1", "invalid_request"],
  ["0123456789ab", "invalid_request"],
  ["quay.io/ann/tool", "image_not_allowed"],
] as const)
  test(`a pull of ${image} is refused as ${code}`, () => {
    const config = configOf({ policy: { images: ["docker.io/**"] } });
    assert.throws(() => planPull(image, config), { code });
  });

test("the configured image may be pulled whatever the list says", () => {
  const config = configOf({ podman: { image: "quay.io/ann/tool:1" }, policy: { images: [] } });
  assert.equal(planPull("quay.io/ann/tool:1", config), "quay.io/ann/tool:1");
});

test("of references the one that a registry may have is pulled", () => {
  assert.equal(pullable(["localhost/python:3", "docker.io/library/python:3"]), "docker.io/library/python:3");
  assert.equal(pullable(["localhost/python:3"]), undefined);
  assert.equal(pullable(["localhost:5000/python:3"]), "localhost:5000/python:3");
});

test("a search without a registry is Docker Hub's", () => {
  assert.equal(planSearch("python", configOf()), "docker.io/python");
});

for (const [patterns, term] of [
  [["**"], "quay.io/python"],
  [["quay.io/ann/*"], "quay.io/python"],
  [["python"], "python"],
  [["*.example/**"], "a.example/python"],
] as const)
  test(`a list of ${patterns.join()} lets ${term} be searched`, () => {
    assert.ok(planSearch(term, configOf({ policy: { images: [...patterns] } })));
  });

for (const [patterns, term] of [
  [[], "python"],
  [["quay.io/**"], "python"],
  [["docker.io/**"], "10.0.0.1:80/x"],
] as const)
  test(`a list of ${patterns.join()} lets nobody search ${term}`, () => {
    const config = configOf({ policy: { images: [...patterns] } });
    assert.throws(() => planSearch(term, config), { code: "image_not_allowed" });
  });
