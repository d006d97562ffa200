import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import { contains, planVolume, type Volume, type VolumeRules } from "../../lib/policy/volumes.ts";

const cases = 20_000;

/** mulberry32: the same numbers for the same seed, so that a failure can be seen again. */
const createRandom = (seed: number) => {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  const pick = <Value>(values: readonly [Value, ...Value[]]): Value => values[below(values.length)] ?? values[0];
  const list = <Value>(most: number, make: () => Value): Value[] => Array.from({ length: below(most + 1) }, make);
  return { below, pick, list };
};
type Random = ReturnType<typeof createRandom>;

const hostNames = ["a", "ab", "b", "etc", "..", ".", ""] as const;
const targetNames = [
  "etc",
  "etcx",
  "home",
  "agent",
  ".claude",
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
const cleanPath = (random: Random) => `/${random.list(3, () => random.pick(["a", "ab", "b", "etc"])).join("/")}`;

/** The obviously right way: compare names, not text. */
const namesOf = (path: string) => path.split("/").filter((name) => name !== "");
const holds = (folder: string, path: string) => namesOf(folder).every((name, index) => namesOf(path)[index] === name);

const makeCase = (random: Random) => {
  const links = new Map(random.list(2, () => [cleanPath(random), cleanPath(random)] as const));
  const missing = new Set(random.list(2, () => cleanPath(random)));
  const resolve = (path: string) => {
    const real = links.get(posix.resolve(path)) ?? posix.resolve(path);
    return missing.has(real) ? undefined : { real, uid: 1, gid: 1, worldWritable: false };
  };
  const allowed = random.list(3, () => ({ path: cleanPath(random), readOnly: random.below(2) === 0 }));
  const host = pathOf(random, hostNames);
  const target = pathOf(random, targetNames);
  const options = random.pick(["", ":ro", ":rw", ":z", ":ro,Z", ":U", ":ro:ro", ":"] as const);
  return { text: `${host}:${target}${options}`, host, target, options, rules: { allowed, resolve } };
};
type Case = ReturnType<typeof makeCase>;

const attempt = (text: string, rules: VolumeRules): Volume | undefined => {
  try {
    return planVolume(text, rules);
  } catch {
    return undefined;
  }
};

const reserved = [
  "/etc",
  "/proc",
  "/sys",
  "/dev",
  "/bin",
  "/sbin",
  "/usr",
  "/lib",
  "/lib32",
  "/lib64",
  "/run",
  "/opt/claude",
  "/opt/stromboli",
  "/home/agent/.claude",
];
const isFree = (target: string) =>
  reserved.every((folder) => !holds(folder, target) && (target === "/home/agent" || !holds(target, folder)));

const isWellFormed = ({ host, target, options }: Case): boolean =>
  host.startsWith("/") &&
  target.startsWith("/") &&
  ![":U", ":ro:ro"].includes(options) &&
  isFree(posix.resolve(target));

const isAllowed = ({ host, rules }: Case): boolean => {
  const real = rules.resolve(host)?.real;
  return real !== undefined && rules.allowed.some(({ path }) => holds(path, real));
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
    wrong.map(({ made }) => [made.text, made.rules.allowed]),
    [],
  );
});

test("the volumes that were made up are of both kinds", () => {
  assert.ok(accepted.length > cases / 20 && accepted.length < cases / 2, `${accepted.length} accepted`);
});

test("an accepted volume mounts the real path, at the shortest form of its target", () => {
  const wrong = accepted.filter(
    ({ made, volume }) =>
      volume.source !== made.rules.resolve(made.host)?.real || volume.target !== posix.resolve(made.target),
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
