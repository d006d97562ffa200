import assert from "node:assert/strict";
import { test } from "node:test";
import { isOpen, type Arrival } from "../../lib/auth/open.ts";

const loopback: Arrival = {
  via: "tcp",
  boundTo: "127.0.0.1",
  required: "auto",
  host: "localhost",
  hasHeader: () => false,
};
const has = (header: string) => ({ hasHeader: (name: string) => name === header });

for (const [what, arrival, open] of [
  ["the unix socket", { via: "unix", boundTo: "0.0.0.0", required: "always", host: "x" }, true],
  ["a loopback port", {}, true],
  ["a loopback port over IPv6", { boundTo: "::1", host: "[::1]" }, true],
  ["a port on every address, from this machine", { boundTo: "0.0.0.0" }, false],
  ["a port on an address of the network", { boundTo: "192.168.1.2" }, false],
  ["a loopback port where a token is always needed", { required: "always" }, false],
  ["a reverse proxy that keeps the name", { host: "box.example" }, false],
  ["a name that begins like a loopback address", { host: "127.0.0.1.example" }, false],
  ["a reverse proxy that tells of the client", has("x-forwarded-for"), false],
  ["a reverse proxy that tells of the scheme", has("x-forwarded-proto"), false],
  ["a reverse proxy that keeps to the standard", has("forwarded"), false],
  ["a reverse proxy that names itself", has("via"), false],
] as const) {
  test(`${open ? "no token is needed" : "a token is needed"} by way of ${what}`, () => {
    assert.equal(isOpen({ ...loopback, ...arrival }), open);
  });
}
