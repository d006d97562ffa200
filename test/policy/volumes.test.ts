import assert from "node:assert/strict";
import { test } from "node:test";
import { contains } from "../../lib/policy/host-path.ts";
import { checkTarget, planVolume } from "../../lib/policy/volumes.ts";
import { thrownBy } from "../harness.ts";
import { hostPath, rulesOf } from "./facts.ts";

const links: Readonly<Record<string, string>> = {
  "/data/out": "/etc",
  "/elsewhere": "/data/a",
  "/data/../etc": "/etc",
};

/** /data may be mounted, /public for reading; every path exists but /data/missing, and some are links. */
const rules = rulesOf({
  allowed: [
    { path: "/data", readOnly: false },
    { path: "/public", readOnly: true },
  ],
  resolve: (path) => (path === "/data/missing" ? undefined : hostPath(links[path] ?? path)),
});

const optionsOf = (text: string) => planVolume(text, rules).options;

test("a volume below an allowed folder is mounted for writing", () => {
  assert.deepEqual(planVolume("/data/a:/workspace", rules), {
    source: "/data/a",
    target: "/workspace",
    options: ["rw"],
    readOnly: false,
    owner: hostPath("/data/a"),
  });
});

test("the allowed folder itself can be mounted", () => {
  assert.equal(planVolume("/data:/workspace", rules).source, "/data");
});

test("ro mounts for reading", () => {
  assert.deepEqual(optionsOf("/data/a:/workspace:ro"), ["ro"]);
});

test("what is allowed for reading is never mounted for writing", () => {
  assert.deepEqual([optionsOf("/public:/workspace"), optionsOf("/public/a:/workspace:rw")], [["ro"], ["ro"]]);
});

test("ro wins over rw", () => {
  assert.deepEqual(optionsOf("/data/a:/workspace:rw,ro"), ["ro"]);
});

test("SELinux labels are passed on", () => {
  assert.deepEqual(
    [optionsOf("/data:/w:z"), optionsOf("/data:/w:ro,Z")],
    [
      ["z", "rw"],
      ["Z", "ro"],
    ],
  );
});

test("the place that a link leads to is mounted", () => {
  assert.equal(planVolume("/elsewhere:/workspace", rules).source, "/data/a");
});

for (const host of ["/data/out", "/data/../etc", "/database", "/", "/etc", "/data/missing"]) {
  test(`${host} is not allowed`, () => {
    assert.throws(() => planVolume(`${host}:/workspace`, rules), { code: "volume_not_allowed" });
  });
}

test("a refusal does not tell whether a path exists", () => {
  const messages = ["/data/missing", "/etc/shadow"].map((host) =>
    String(thrownBy(() => planVolume(`${host}:/w`, rules))).replace(host, "HOST"),
  );
  assert.equal(messages[0], messages[1]);
});

for (const text of ["", "/data", "/data:", ":/workspace", "data:/workspace", "/data:workspace", "/a:/b:ro:x"]) {
  test(`${JSON.stringify(text)} is not a volume`, () => {
    assert.throws(() => planVolume(text, rules), { code: "invalid_request" });
  });
}

for (const option of ["U", "O", "exec", "rshared", "idmap", "RO", "ro,,rw", " ro"]) {
  test(`a volume has no option ${JSON.stringify(option)}`, () => {
    assert.throws(() => planVolume(`/data:/workspace:${option}`, rules), { code: "invalid_request" });
  });
}

test("a target is put into its shortest form", () => {
  assert.deepEqual(["/a/", "/a/./b", "//a", "/a/../b", "/workspace/etc"].map(checkTarget), [
    "/a",
    "/a/b",
    "/a",
    "/b",
    "/workspace/etc",
  ]);
});

for (const target of [
  "/",
  "//",
  "/.",
  "/..",
  "/a/..",
  "/etc",
  "/etc/",
  "/etc/passwd",
  "/usr/local",
  "/proc/self",
  "/run",
  "/dev/shm",
  "/workspace/../etc",
  "/opt",
  "/opt/claude",
  "/opt/stromboli/x",
  "/home",
  "/home/agent/.claude",
  "/lib64",
  "/boot/x",
  "/var/run/x",
  "/var",
  "/home/agent/.ssh",
  "/home/agent/.config",
  "/home/agent/.config/gcloud",
  "/home/agent/.netrc",
]) {
  test(`nothing is mounted at ${target}`, () => {
    assert.throws(() => checkTarget(target), { code: "invalid_request", message: /another one/ });
  });
}

for (const target of [
  "/etcetera",
  "/home/agent",
  "/home/agent/src",
  "/home/agent/.claude2",
  "/home/agent/.config/nvim",
  "/opt/tool",
  "/tmp",
  "/srv",
]) {
  test(`${target} may be a target`, () => assert.equal(checkTarget(target), target));
}

for (const [folder, path, held] of [
  ["/a", "/a", true],
  ["/a", "/a/b", true],
  ["/", "/a", true],
  ["/", "/", true],
  ["/a", "/ab", false],
  ["/a/b", "/a", false],
] as const) {
  test(`${folder} ${held ? "holds" : "does not hold"} ${path}`, () => assert.equal(contains(folder, path), held));
}

test("the entry nearest to a path decides, whatever their order", () => {
  const both = [
    { path: "/data", readOnly: true },
    { path: "/data/pub", readOnly: false },
  ];
  for (const allowed of [both, both.toReversed()]) {
    assert.deepEqual(planVolume("/data/pub/x:/workspace", { ...rules, allowed }).options, ["rw"]);
    assert.deepEqual(planVolume("/data/x:/workspace", { ...rules, allowed }).options, ["ro"]);
  }
});

test("what can never be a volume is refused below an allowed folder too, and the refusal says why", () => {
  const message = /^volume \/data\/\.ssh\/x lies in \.ssh/;
  assert.throws(() => planVolume("/data/.ssh/x:/w", rules), { code: "volume_not_allowed", message });
});

test("why it can never be is told only of what is allowed: refusals must not tell what exists", () => {
  assert.doesNotMatch(String(thrownBy(() => planVolume("/home/.ssh/x:/w", rules))), /lies in/);
});

const making = { ...rules, foresee: (path: string) => (path === "/data/missing" ? "/public/new" : path) };

test("what is missing is mounted where it will be", () => {
  const { source, owner } = planVolume("/data/new:/w", { ...making, resolve: () => undefined });
  assert.deepEqual([source, owner], ["/data/new", undefined]);
});

for (const host of ["/data/missing", "/etc/new", "/data/.ssh/new", "/elsewhere/new"]) {
  test(`nothing is made at ${host}`, () => {
    assert.throws(() => planVolume(`${host}:/w`, { ...making, resolve: () => undefined }), {
      code: "volume_not_allowed",
    });
  });
}
