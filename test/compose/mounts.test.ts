import assert from "node:assert/strict";
import { test } from "node:test";
import { hostPath, rulesOf } from "../policy/facts.ts";
import { contextOf, planOf, serviceOf } from "./stack.ts";

const top = "volumes: {files: , other: {}}";
const mountsOf = (entry: string) => {
  const { volumes, named, tmpfs } = serviceOf(`volumes: [${entry}]`, { top });
  return [volumes.map(({ source, target, options }) => [source, target, options.join(",")]), named, tmpfs];
};

const files = (target: string, readOnly = false) => [{ name: "files", target, readOnly }];

for (const [entry, ...mounts] of [
  ["'files:/var/lib/data'", [], files("/var/lib/data"), []],
  ["'files:/a/b/../c/:ro'", [], files("/a/c", true), []],
  ["'files:/a:rw'", [], files("/a"), []],
  ["{type: volume, source: files, target: /a, read_only: true}", [], files("/a", true), []],
  ["'/data/x:/a'", [["/data/x", "/a", "rw"]], [], []],
  ["'./x:/etc/db.conf:ro'", [["/data/app/x", "/etc/db.conf", "ro"]], [], []],
  ["'../x:/usr/share/x:ro,z'", [["/data/x", "/usr/share/x", "z,ro"]], [], []],
  ["'.:/a:Z'", [["/data/app", "/a", "Z,rw"]], [], []],
  ["'./a/../../x:/a'", [["/data/x", "/a", "rw"]], [], []],
  ["{type: bind, source: ./x, target: /a}", [["/data/app/x", "/a", "rw"]], [], []],
  ["{type: bind, source: /data/x, target: /a, read_only: true}", [["/data/x", "/a", "ro"]], [], []],
  ["/var/cache", [], [], ["/var/cache"]],
  ["{type: tmpfs, target: /run}", [], [], ["/run"]],
  ["{type: volume, target: /a}", [], [], ["/a"]],
] as const) {
  test(`a service may have the volume ${entry}`, () => assert.deepEqual(mountsOf(entry), mounts));
}

for (const [entry, code] of [
  ["'/etc:/a'", "volume_not_allowed"],
  ["'../../etc:/a'", "volume_not_allowed"],
  ["'/data/../etc:/a:ro'", "volume_not_allowed"],
  ["'./missing:/a'", "volume_not_allowed"],
  ["{type: bind, source: /, target: /a}", "volume_not_allowed"],
  ["{type: bind, source: '/data/x:/etc', target: /a}", "compose_invalid"],
  ["'~/x:/a'", "compose_invalid"],
  ["'unknown:/a'", "compose_invalid"],
  ["'constructor:/a'", "compose_invalid"],
  ["'sub/folder:/a'", "compose_invalid"],
  ["'Files:/a'", "compose_invalid"],
  ["'files:a'", "compose_invalid"],
  ["'files:/a:ro:x'", "compose_invalid"],
  ["'files:/a:exec'", "compose_invalid"],
  ["'./x:/a:U'", "compose_invalid"],
  ["'./x:/a:O'", "compose_invalid"],
  ["'./x:/a:ro,rshared'", "compose_invalid"],
  ["'files::/a'", "compose_invalid"],
  ["''", "compose_invalid"],
  ["'files:/'", "compose_invalid"],
  ["'files:/..'", "compose_invalid"],
  ["'files:/proc/x'", "compose_invalid"],
  ["'files:/sys'", "compose_invalid"],
  ["'files:/dev/shm'", "compose_invalid"],
  ["'files:/a/../run/secrets/'", "compose_invalid"],
  ["'files:/a,suid'", "compose_invalid"],
  ["{type: npipe, source: files, target: /a}", "compose_invalid"],
  ["{type: bind, source: files, target: /a}", "compose_invalid"],
  ["{type: bind, target: /a}", "compose_invalid"],
  ["{type: volume, source: ./x, target: /a}", "compose_invalid"],
  ["{type: tmpfs, source: files, target: /a}", "compose_invalid"],
  ["{type: volume, source: files, target: /a, volume: {nocopy: true}}", "compose_invalid"],
  ["{type: bind, source: ./x, target: /a, bind: {propagation: rshared}}", "compose_invalid"],
  ["{source: files, target: /a}", "compose_invalid"],
  ["5", "compose_invalid"],
  ["true", "compose_invalid"],
] as const) {
  test(`a service may not have the volume ${entry}`, () => {
    assert.throws(() => mountsOf(entry), { code, message: /^services\.db\.volumes\.0/ });
  });
}

test("two mounts on one target are refused", () => {
  assert.throws(
    () => serviceOf("volumes: ['files:/a', '/a/']", { top }),
    /volumes\.1: two mounts share the target \/a/,
  );
  assert.throws(() => serviceOf("volumes: ['files:/a']\ntmpfs: /a/b/..", { top }), /tmpfs\.0: two mounts share/);
});

test("the folder of a link is what it leads to, and a list of read-only folders holds", () => {
  const rules = rulesOf({
    allowed: [{ path: "/public", readOnly: true }],
    resolve: (path) => hostPath(path === "/data/app/link" ? "/public/x" : path),
  });
  const { volumes } = serviceOf("volumes: ['./link:/a']", { rules });
  assert.deepEqual(volumes, [
    { source: "/public/x", target: "/a", options: ["ro"], readOnly: true, owner: hostPath("/public/x") },
  ]);
});

const rootful = { machine: { ...contextOf().machine, rootless: false, uid: 0, gid: 0 } };

test("where the daemon is root, a service may not write to a folder of this machine", () => {
  assert.throws(() => serviceOf("volumes: ['./x:/a']", rootful), {
    code: "volume_not_allowed",
    message: /^services\.db\.volumes\.0: \.\/x cannot be written to: .*:ro, or use a named volume/,
  });
});

test("where the daemon is root, a service may read a folder, and the agent's write to it", () => {
  assert.equal(serviceOf("volumes: ['./x:/a:ro']", rootful).volumes.length, 1);
  const { agent } = planOf("services: {a: {image: a, volumes: ['./x:/a']}}", { ...rootful, service: "a" });
  assert.deepEqual(
    agent.volumes.map(({ options }) => options),
    [["rw"]],
  );
});

for (const target of ["/usr/src/app", "/etc/app", "/home/agent", "/home/agent/.claude", "/opt/claude", "/run/x"]) {
  for (const entry of [`./x:${target}`, `files:${target}`, target]) {
    test(`the agent's service may not have the volume ${entry}`, () => {
      const text = `services: {a: {image: a, volumes: ['${entry}']}}\n${top}`;
      assert.throws(() => planOf(text, { service: "a" }), {
        code: "compose_invalid",
        message: /^services\.a\.volumes\.0: /,
      });
    });
  }
}
