import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { test } from "node:test";
import { AddressRefused, publicOnly, refusedUrl } from "../../lib/webhooks/address.ts";

const guarded = { allow_private: false };

const special = [
  ["127.0.0.1", "loopback"],
  ["127.255.255.254", "loopback"],
  ["0.0.0.0", "unspecified"],
  ["0.1.2.3", "this network"],
  ["10.1.2.3", "private"],
  ["172.16.0.1", "private"],
  ["172.31.255.255", "private"],
  ["192.168.0.1", "private"],
  ["169.254.169.254", "metadata of clouds"],
  ["169.254.1.1", "link-local"],
  ["100.64.0.1", "CGNAT"],
  ["100.100.100.200", "metadata of Alibaba"],
  ["192.0.0.192", "metadata of Oracle"],
  ["168.63.129.16", "the host of Azure"],
  ["198.18.0.1", "benchmarks"],
  ["192.0.2.1", "documentation"],
  ["224.0.0.1", "multicast"],
  ["240.0.0.1", "reserved"],
  ["255.255.255.255", "broadcast"],
  ["::", "unspecified"],
  ["::1", "loopback"],
  ["fe80::1", "link-local"],
  ["fec0::1", "site-local"],
  ["fd00:ec2::254", "metadata of AWS"],
  ["fc00::1", "unique local"],
  ["ff02::1", "multicast"],
  ["::ffff:127.0.0.1", "IPv4-mapped"],
  ["::ffff:8.8.8.8", "IPv4-mapped"],
  ["::ffff:0:7f00:1", "IPv4-translated"],
  ["::7f00:1", "IPv4-compatible"],
  ["64:ff9b::7f00:1", "NAT64"],
  ["64:ff9b:1::a00:1", "local NAT64"],
  ["2002:7f00:1::1", "6to4"],
  ["2001::1", "Teredo"],
  ["2001:db8::1", "documentation"],
  ["100::1", "discard"],
  ["5f00::1", "segment routing"],
  ["4000::1", "unallocated"],
] as const;

const urlOf = (address: string) => `http://${address.includes(":") ? `[${address}]` : address}/hook`;

/** A lookup that finds these addresses for any name. */
const finding =
  (...addresses: readonly string[]): LookupFunction =>
  (_, { all }, callback) => {
    const found = addresses.map((address): LookupAddress => ({ address, family: address.includes(":") ? 6 : 4 }));
    if (all) callback(null, found);
    else callback(null, found[0]?.address ?? "", found[0]?.family);
  };

const lookUp = (lookup: LookupFunction, all: boolean) =>
  new Promise<unknown>((resolve, reject) =>
    publicOnly(lookup)("hooks.example", { all }, (error, found) => (error ? reject(error) : resolve(found))),
  );

for (const [address, what] of special) {
  test(`a URL to ${address} (${what}) is refused`, () => {
    assert.match(refusedUrl(urlOf(address), guarded) ?? "", /not a public address.*webhooks\.allow_private/);
  });

  test(`a name that leads to ${address} (${what}) is refused`, async () => {
    await assert.rejects(lookUp(finding(address), true), AddressRefused);
    await assert.rejects(lookUp(finding(address), false), AddressRefused);
  });
}

for (const address of ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450::1"]) {
  test(`a URL to ${address}, which is public, is taken, and a name that leads to it`, async () => {
    assert.equal(refusedUrl(urlOf(address), guarded), undefined);
    assert.equal(await lookUp(finding(address), false), address);
  });
}

for (const host of ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0", "①②⑦.0.0.1", "127.0.0.1.", "[::127.0.0.1]"]) {
  test(`a URL to ${host}, another way to write a special address, is refused`, () => {
    assert.match(refusedUrl(`http://${host}/`, guarded) ?? "", /not a public address/);
  });
}

for (const host of ["localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost:8080"]) {
  test(`a URL to ${host} is refused`, () => {
    assert.match(refusedUrl(`https://${host}/`, guarded) ?? "", /localhost.? is not a public address/);
  });
}

for (const host of ["localhost.example", "notlocalhost", "hooks.example:8443"]) {
  test(`a URL to ${host} may be tried`, () => {
    assert.equal(refusedUrl(`https://${host}/x?y`, guarded), undefined);
  });
}

test("with allow_private special addresses are taken", () => {
  const urls = [...special.map(([address]) => urlOf(address)), "http://localhost/"];
  assert.deepEqual(
    urls.filter((url) => refusedUrl(url, { allow_private: true })),
    [],
  );
});

for (const [url, reason] of [
  ["http://user:hush@hooks.example/", /no user name or password/],
  ["http://user@hooks.example/", /no user name or password/],
  ["ftp://hooks.example/", /http or https/],
  ["hooks.example", /http or https/],
  ["", /http or https/],
] as const) {
  test(`the URL ${JSON.stringify(url)} is refused whatever is allowed, in words that do not repeat it`, () => {
    const refused = refusedUrl(url, { allow_private: true }) ?? "";
    assert.match(refused, reason);
    assert.doesNotMatch(refused, /hush/);
  });
}

test("a name is refused when only one of its addresses is not public", async () => {
  await assert.rejects(lookUp(finding("8.8.8.8", "10.0.0.1"), true), {
    name: "AddressRefused",
    message:
      "hooks.example leads to 10.0.0.1, which is not a public address; set webhooks.allow_private: true to allow it",
  });
});

test("a name that is not found fails as it failed", async () => {
  await assert.rejects(
    lookUp((_, __, callback) => callback(new Error("ENOTFOUND"), ""), true),
    { message: "ENOTFOUND" },
  );
});
