import assert from "node:assert/strict";
import { test } from "node:test";
import { registryFailure } from "../../lib/podman/registry-failure.ts";

const image = "registry.example:5000/ann/tool:1";
const source = `Error: initializing source docker://${image}`;

/** Podman's own words, and what they mean. */
for (const [said, code] of [
  [
    `${source}: reading manifest 1 in registry.example:5000/ann/tool: manifest unknown: manifest unknown`,
    "image_not_found",
  ],
  [`${source}: reading manifest 1 in registry.example:5000/ann/tool: name unknown`, "image_not_found"],
  [`${source}: reading manifest 1: unauthorized: authentication required`, "registry_denied"],
  [`${source}: reading manifest 1: errors:\ndenied: requested access to the resource is denied`, "registry_denied"],
  [`${source}: unable to retrieve auth token: invalid username/password: unauthorized`, "registry_denied"],
  [
    `${source}: pinging container registry: dial tcp 127.0.0.1:5000: connect: connection refused`,
    "registry_unreachable",
  ],
  [`${source}: pinging container registry: dial tcp: lookup registry.example: no such host`, "registry_unreachable"],
  [`${source}: http: server gave HTTP response to HTTPS client`, "registry_unreachable"],
  [`${source}: tls: failed to verify certificate: x509: unknown authority`, "registry_unreachable"],
  [`${source}: toomanyrequests: You have reached your pull rate limit`, "registry_failed"],
  [
    "Error: choosing an image from manifest list: no image found in manifest list for architecture s390x",
    "image_incompatible",
  ],
  ["Error: writing blob: storing blob to file: write /var/tmp/x: no space left on device", "disk_full"],
  ["Error: something new", "registry_failed"],
] as const)
  test(`${code}: ${said.split(": ").at(-1)}`, () => {
    assert.equal(registryFailure(`Trying to pull ${image}...\n${said}\n`, image).code, code);
  });

const tricky = "tls.example:5000/eof/tls:denied";
for (const [said, code] of [
  ["reading manifest denied in tls.example:5000/eof/tls: manifest unknown", "image_not_found"],
  ['Get "https://tls.example:5000/v2/eof/tls/manifests/denied": something new', "registry_failed"],
  ["pinging container registry tls.example:5000: dial tcp: lookup tls.example: no such host", "registry_unreachable"],
  ["reading blob: unexpected EOF", "registry_unreachable"],
  ["it is battlesome and geoffed", "registry_failed"],
] as const)
  test(`an image that is called like a reason is none: ${said}`, () => {
    assert.equal(registryFailure(`Error: initializing source docker://${tricky}: ${said}`, tricky).code, code);
  });

test("words that are not known are passed on", () => {
  assert.match(registryFailure("Error: something new", image).message, /registry\.example:5000.*something new/);
});
