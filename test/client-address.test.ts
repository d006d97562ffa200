import assert from "node:assert/strict";
import { test } from "node:test";
import { clientAddress, isRange, networkOf, proxiesOf } from "../lib/client-address.ts";

const proxies = ["127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8"];
for (const [title, peer, forwardedFor, trusted, wanted] of [
  ["a direct client is itself", "203.0.113.9", undefined, proxies, "203.0.113.9"],
  ["a client that is no proxy is not believed", "203.0.113.9", "198.51.100.1", proxies, "203.0.113.9"],
  ["where no proxy is trusted nobody is believed", "127.0.0.1", "198.51.100.1", [], "127.0.0.1"],
  ["a trusted proxy tells who asked it", "127.0.0.1", "198.51.100.1", proxies, "198.51.100.1"],
  ["of what a client claims nothing counts", "127.0.0.1", "1.1.1.1, 10.9.9.9,198.51.100.1", proxies, "198.51.100.1"],
  ["proxies behind proxies are passed over", "127.0.0.1", "198.51.100.1, 10.1.2.3", proxies, "198.51.100.1"],
  ["where all are proxies it is the first", "127.0.0.1", "10.0.0.7, 10.1.2.3", proxies, "10.0.0.7"],
  ["rubbish ends the way back", "127.0.0.1", "198.51.100.1, unknown, 10.1.2.3", proxies, "10.1.2.3"],
  ["a number is rubbish", "127.0.0.1", "3405803785", proxies, "127.0.0.1"],
  ["an empty header is none", "127.0.0.1", "", proxies, "127.0.0.1"],
  ["a port is left out", "127.0.0.1", "198.51.100.1:4711", proxies, "198.51.100.1"],
  ["brackets and a port are left out", "127.0.0.1", "[2001:db8::1]:4711", proxies, "2001:db8::1"],
  ["an IPv6 proxy is trusted", "::1", "2001:db8::1, fd12::1", proxies, "2001:db8::1"],
  ["IPv4 in IPv6 dress is IPv4", "::ffff:127.0.0.1", "::ffff:198.51.100.1", proxies, "198.51.100.1"],
  ["a peer that has gone has no address", "", "198.51.100.1", proxies, ""],
] as const) {
  test(title, () => assert.equal(clientAddress({ peer, forwardedFor }, proxiesOf(trusted)), wanted));
}

test("an address of 100,000 hops is found at once", () => {
  const forwardedFor = "10.0.0.1,".repeat(100_000);
  assert.equal(clientAddress({ peer: "127.0.0.1", forwardedFor }, proxiesOf(proxies)), "127.0.0.1");
});

test("an IPv6 client counts as its /64, an IPv4 client as itself", () => {
  assert.deepEqual(["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::9", "198.51.100.1", ""].map(networkOf), [
    "2001:db8:1:2::",
    "2001:db8:1:2::",
    "198.51.100.1",
    "",
  ]);
});

test("addresses and ranges are told from anything else", () => {
  const texts = ["127.0.0.1", "10.0.0.0/8", "fd00::/8", "10.0.0.0/33", "proxy.example", "", "10.0.0.0/"];
  assert.deepEqual(texts.map(isRange), [true, true, true, false, false, false, false]);
});

test("what could match no address is no range", () => {
  const texts = ["10/8", "1", "127.1", "0x7f.0.0.1", "010.0.0.0/8", "::ffff:10.0.0.0/104", "::ffff:127.0.0.1"];
  assert.deepEqual(texts.filter(isRange), []);
});
