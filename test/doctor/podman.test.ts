import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "../../lib/doctor/finding.ts";
import {
  firstFreeId,
  judgeIds,
  judgeNetwork,
  judgePodman,
  judgeRuntime,
  judgeStorage,
} from "../../lib/doctor/podman.ts";
import { infoOf, rootful } from "./facts.ts";

const me = { user: "me", firstFree: 165_536 };
const helpers = { netavark: true, aardvark: true };
const ids = (size: number) => [{ container_id: 0, host_id: 1, size }];

test("a rootless Podman of today is fine, with all that it has", () => {
  const info = infoOf();
  assert.deepEqual(
    [judgePodman(info), judgeRuntime(info), judgeNetwork(info, helpers), judgeStorage(info), judgeIds(info, me)],
    [
      ok("5.4.2, rootless"),
      ok("crun 1.21 (/usr/bin/crun)"),
      ok("netavark, pasta"),
      ok("overlay at /home/me/storage"),
      ok("65537 user and group ids"),
    ],
  );
});

test("a Podman of root's is a warning, as what gets out of a container is root", () => {
  const { status, message } = judgePodman(infoOf(rootful));
  assert.deepEqual([status, message.includes("rootful")], ["warning", true]);
});

test("a Podman before 4.0 is too old", () => {
  assert.equal(judgePodman(infoOf({}, { version: { Version: "3.4.4" } })).status, "failure");
});

test("a runtime that nobody has tried is a warning, whatever it says of itself", () => {
  const { status, message } = judgeRuntime(infoOf({ ociRuntime: { name: "runsc", path: "", version: "" } }));
  assert.deepEqual([status, message], ["warning", "runsc has never been tried with Stromboli"]);
});

test("without pasta and slirp4netns a user's runs have no network, and slirp4netns alone will do", () => {
  const none = { pasta: { executable: "" } };
  assert.equal(judgeNetwork(infoOf(none), helpers).status, "failure");
  const old = { ...none, slirp4netns: { executable: "/usr/bin/slirp4netns" } };
  assert.deepEqual(judgeNetwork(infoOf(old), helpers), ok("netavark, slirp4netns"));
  assert.deepEqual(judgeNetwork(infoOf({ ...none, ...rootful }), helpers), ok("netavark"));
});

test("another network backend, or one without its name server, is a warning that says what is lost", () => {
  assert.match(judgeNetwork(infoOf({ networkBackend: "cni" }), helpers).message, /^the backend is cni: services/);
  const { status, message, remedy } = judgeNetwork(infoOf(), { netavark: true, aardvark: false });
  assert.deepEqual([status, message.startsWith("aardvark-dns is not here")], ["warning", true]);
  assert.match(remedy ?? "", /apt-get install netavark aardvark-dns$/);
});

test("storage that copies whole images is a warning", () => {
  const store = { graphDriverName: "vfs", graphRoot: "/s", imageCopyTmpDir: "/var/tmp" };
  assert.equal(judgeStorage(infoOf({}, { store })).status, "warning");
});

test("a user without subordinate ids is told the command that gives the first free ones", () => {
  const { status, remedy } = judgeIds(infoOf({ idMappings: { uidmap: ids(1), gidmap: ids(1) } }), me);
  assert.equal(status, "failure");
  assert.equal(
    remedy,
    "type: sudo usermod --add-subuids 165536-231071 --add-subgids 165536-231071 me && podman system migrate",
  );
});

test("too few ids of one kind are a warning, and root needs none", () => {
  assert.equal(judgeIds(infoOf({ idMappings: { uidmap: ids(65_537), gidmap: ids(1001) } }), me).status, "warning");
  assert.equal(judgeIds(infoOf({ ...rootful, idMappings: { uidmap: null, gidmap: null } }), me).status, "ok");
});

test("the first free id is above all that were given away, whatever else the lines hold", () => {
  assert.equal(firstFreeId(""), 100_000);
  assert.equal(firstFreeId("me:100000:65536\nyou:165536:65536\n\nbroken\n#:x:y\n"), 231_072);
});
