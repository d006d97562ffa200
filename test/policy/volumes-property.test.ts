import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import { contains, type HostPath } from "../../lib/policy/host-path.ts";
import { planVolume, type Volume, type VolumeRules } from "../../lib/policy/volumes.ts";
import { hostPath, rulesOf } from "./facts.ts";
import { createRandom, type Random } from "./random.ts";

const cases = 20_000;

const plainNames = ["a", "ab", "b", "etc", "é", "a b", ".ssh", ".config", "gcloud", ".claude", "docker.sock"] as const;
const hostNames = [...plainNames, "..", ".", ""] as const;
const targetNames = [
  "etc",
  "etcx",
  "home",
  "agent",
  ".claude",
  ".config",
  "gcloud",
  ".ssh",
  "boot",
  "opt",
  "claude",
  "w",
  "usr",
  "proc",
  "..",
  ".",
  "",
] as const;

const pathOf = (random: Random, names: readonly [string, ...string[]], depth = 4) =>
  `${random.pick(["/", "/", "/", ""])}${random.list(depth, () => random.pick(names)).join("/")}`;
const cleanPath = (random: Random, depth = 3) => `/${random.list(depth, () => random.pick(plainNames)).join("/")}`;

/** The obviously right way: compare names, not text. */
const namesOf = (path: string) => path.split("/").filter((name) => name !== "");
const holds = (folder: string, path: string) => namesOf(folder).every((name, index) => namesOf(path)[index] === name);

const makeCase = (random: Random) => {
  const links = new Map(random.list(2, () => [cleanPath(random), cleanPath(random)] as const));
  const missing = new Set(random.list(2, () => cleanPath(random)));
  const facts = random.pick<Partial<HostPath>>([
    {},
    {},
    {},
    {},
    { kind: "file" },
    { kind: "other" },
    { holds: [".ssh"] },
  ]);
  const real = (path: string) => links.get(posix.resolve(path)) ?? posix.resolve(path);
  const resolve = (path: string) => (missing.has(real(path)) ? undefined : hostPath(real(path), facts));
  const makes = random.below(3) === 0;
  const foresee = (path: string) => (makes ? real(path) : undefined);
  const allowed = random.list(3, () => ({ path: cleanPath(random, 2), readOnly: random.below(2) === 0 }));
  const guarded = { homes: random.list(1, () => cleanPath(random, 2)), own: random.list(1, () => cleanPath(random)) };
  const host = pathOf(random, hostNames);
  const target = pathOf(random, targetNames);
  const options = random.pick(["", ":ro", ":rw", ":z", ":ro,Z", ":U", ":ro:ro", ":"] as const);
  const rules = rulesOf({ allowed, guarded, resolve, foresee });
  return { text: `${host}:${target}${options}`, host, target, options, rules, sourceOf: real };
};
type Case = ReturnType<typeof makeCase>;

const attempt = (text: string, rules: VolumeRules): Volume | undefined => {
  try {
    return planVolume(text, rules);
  } catch {
    return undefined;
  }
};

const credentials =
  ".ssh .gnupg .aws .kube .docker .config/gcloud .netrc .git-credentials .password-store .claude .claude.json".split(
    " ",
  );
const reserved = [
  "/etc",
  "/proc",
  "/sys",
  "/dev",
  "/boot",
  "/var/run",
  "/libx32",
  "/bin",
  "/sbin",
  "/usr",
  "/lib",
  "/lib32",
  "/lib64",
  "/run",
  "/opt/claude",
  "/opt/stromboli",
  ...credentials.map((name) => `/home/agent/${name}`),
];
const isFree = (target: string) =>
  reserved.every((folder) => !holds(folder, target) && (target === "/home/agent" || !holds(target, folder)));

const isWellFormed = ({ host, target, options }: Case): boolean =>
  host.startsWith("/") &&
  target.startsWith("/") &&
  ![":U", ":ro:ro"].includes(options) &&
  isFree(posix.resolve(target));

/** The obviously right way for the names of credentials: look for them at every place of a path. */
const goesThrough = (path: string, name: string) =>
  namesOf(path).some((_, index) => holds(name, namesOf(path).slice(index).join("/")));

const forbidden = {
  system: ["/etc", "/proc", "/sys", "/dev", "/run", "/var/run", "/boot", "/var/lib/containers", "/var/lib/docker"],
  kept: [...credentials, ".config/stromboli", ".config/containers", ".local/share/containers"],
  sockets: ["docker.sock", "podman.sock"],
};

const isBelowForbidden = (real: string, { own }: VolumeRules["guarded"]): boolean =>
  [...forbidden.system, ...own].some((folder) => holds(folder, real)) ||
  [...forbidden.kept, ...forbidden.sockets].some((name) => goesThrough(real, name));

const isAboveForbidden = (real: string, { homes, own }: VolumeRules["guarded"]): boolean =>
  [...forbidden.system, ...own].some((folder) => holds(real, folder)) ||
  homes.some((home) => forbidden.kept.some((name) => holds(real, `${home}/${name}`)));

const nearestEntry = (real: string, { allowed }: VolumeRules) =>
  allowed
    .filter(({ path }) => holds(path, real))
    .toSorted((a, b) => namesOf(b.path).length - namesOf(a.path).length)[0];

const isAllowed = ({ host, rules, sourceOf }: Case): boolean => {
  const found = rules.resolve(host);
  const entry = nearestEntry(sourceOf(host), rules);
  if (!entry || isBelowForbidden(sourceOf(host), rules.guarded)) return false;
  if (!found) return rules.foresee(host) !== undefined && !entry.readOnly;
  return found.kind !== "other" && found.holds.length === 0 && !isAboveForbidden(found.real, rules.guarded);
};

const random = createRandom(20_261_123);
const all = Array.from({ length: cases }, () => makeCase(random)).map((made) => ({
  made,
  volume: attempt(made.text, made.rules),
}));
const accepted = all.flatMap(({ made, volume }) => (volume ? [{ made, volume }] : []));

test(`of ${cases} volumes exactly those are accepted that lie below an allowed folder and have a free target`, () => {
  const wrong = all.filter(({ made, volume }) => (volume !== undefined) !== (isWellFormed(made) && isAllowed(made)));
  assert.deepEqual(
    wrong.map(({ made }) => [made.text, made.rules]),
    [],
  );
});

test("the volumes that were made up are of both kinds", () => {
  assert.ok(accepted.length > cases / 50 && accepted.length < cases / 2, `${accepted.length} accepted`);
});

test("an accepted volume mounts the real path, at the shortest form of its target", () => {
  const wrong = accepted.filter(
    ({ made, volume }) => volume.source !== made.sourceOf(made.host) || volume.target !== posix.resolve(made.target),
  );
  assert.deepEqual(
    wrong.map(({ made, volume }) => [made.text, volume.source, volume.target]),
    [],
  );
});

test("a volume that only read-only entries allow is never writable", () => {
  const wrong = accepted.filter(({ made, volume }) => {
    const holders = made.rules.allowed.filter(({ path }) => holds(path, volume.source));
    return holders.every(({ readOnly }) => readOnly) && !volume.readOnly;
  });
  assert.deepEqual(wrong, []);
});

test("a volume that was asked for with ro is never writable, and what Podman is told agrees", () => {
  const wrong = accepted.filter(
    ({ made, volume }) =>
      (made.options.includes("ro") && !volume.readOnly) || volume.options.includes("ro") !== volume.readOnly,
  );
  assert.deepEqual(wrong, []);
});

test("a folder holds a path exactly when its names are the path's first ones", () => {
  const pairs = Array.from({ length: cases }, () => [cleanPath(random), cleanPath(random)] as const);
  assert.deepEqual(
    pairs.filter(([folder, path]) => contains(folder, path) !== holds(folder, path)),
    [],
  );
});
