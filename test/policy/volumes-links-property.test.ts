import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { foresee, lookAt } from "../../lib/jobs/host-path.ts";
import { planVolume } from "../../lib/policy/volumes.ts";
import { rulesOf } from "./facts.ts";
import { createRandom } from "./random.ts";

const cases = 10_000;
const random = createRandom(20_261_125);

const root = realpathSync(mkdtempSync(join(tmpdir(), "st-")));
after(() => rmSync(root, { recursive: true }));

const names = ["a", "b", "ü", "a b", ".ssh", "data", "state", "x"] as const;
const noise = [...names, "", ".", "..", "missing"] as const;

/** What is in the real tree, by full path: a folder, a file, or where a link leads. */
const model = new Map<string, { kind: "folder" | "file" } | { kind: "link"; to: string }>([
  ["/", { kind: "folder" }],
  ["/etc", { kind: "folder" }],
]);
for (let at = root; at !== "/"; at = join(at, "..")) model.set(at, { kind: "folder" });

const somewhere = () => join(root, ...random.list(4, () => random.pick(names)));
const anyFolder = () => {
  const folders = [...model].filter(([path, { kind }]) => kind === "folder" && path.startsWith(`${root}/`));
  return folders[random.below(folders.length)]?.[0] ?? root;
};
const crooked = () => random.list(5, () => random.pick(noise)).join("/");

const allowed = ["a", "b", "x", "ü"];
for (const name of allowed) {
  mkdirSync(join(root, name));
  model.set(join(root, name), { kind: "folder" });
}

for (const path of Array.from({ length: 3000 }, somewhere)) {
  if (model.has(path) || model.get(join(path, ".."))?.kind !== "folder") continue;
  const kind = random.pick(["folder", "folder", "folder", "link", "link", "file"] as const);
  const to = random.pick([() => "/etc", anyFolder, anyFolder, anyFolder, somewhere, crooked])() || ".";
  if (kind === "folder") mkdirSync(path);
  else if (kind === "file") writeFileSync(path, "");
  else symlinkSync(to, path);
  model.set(path, kind === "link" ? { kind, to } : { kind });
}

/** The obviously right way: a step for each name, as the kernel does it. */
const follow = (path: string, hops = 0): string | undefined => {
  const steps = path.split("/");
  let at = "/";
  for (const [index, name] of steps.entries()) {
    if (model.get(at)?.kind !== "folder") return undefined; // also when a file has a slash behind it
    const next = name === "" ? at : join(at, name); // what lies at `at` is no link, so `..` is the one above
    const found = model.get(next);
    if (found?.kind === "link") return followLink(found.to, { at, rest: steps.slice(index + 1), hops: hops + 1 });
    at = next;
  }
  return model.has(at) ? at : undefined;
};

const followLink = (to: string, { at, rest, hops }: { at: string; rest: string[]; hops: number }) =>
  hops > 40 ? undefined : follow([to.startsWith("/") ? to : `${at}/${to}`, ...rest].join("/"), hops);

const isIn = (folder: string, path: string) => join(path, "x").startsWith(join(folder, "/"));
const guarded = { homes: [join(root, "b")], own: [join(root, "a/state")] };
const rules = rulesOf({
  allowed: allowed.map((name) => ({ path: join(root, name), readOnly: false })),
  guarded,
  resolve: lookAt,
});

const isFine = (real: string) =>
  allowed.some((name) => isIn(join(root, name), real)) &&
  !real.split("/").includes(".ssh") &&
  !guarded.own.some((own) => isIn(own, real) || isIn(real, own)) &&
  !guarded.homes.some((home) => isIn(real, home)) &&
  !model.has(join(real, ".ssh"));

const sourceOf = (host: string): string | undefined => {
  try {
    return planVolume(`${host}:/w`, rules).source;
  } catch {
    return undefined;
  }
};

const paths = Array.from({ length: cases }, () => {
  const start = random.pick([root, `${root}/a`, `/${root}//b/.`, `${root}/..`, anyFolder(), anyFolder()]);
  const way = random.list(3, () => random.pick(noise)).join("/");
  return `${start}/${way}${random.pick(["", "/", "/.", "/.."])}`;
});
const outcomes = paths.map((path) => {
  const real = follow(path);
  return { path, real, wanted: real !== undefined && isFine(real) ? real : undefined, got: sourceOf(path) };
});

test(`of ${cases} paths through real links exactly those are mounted that lead to allowed folders`, () => {
  assert.deepEqual(
    outcomes.filter(({ wanted, got }) => wanted !== got),
    [],
  );
});

test("the paths that were made up are of both kinds, and many go through links", () => {
  const accepted = outcomes.filter(({ got }) => got !== undefined);
  const linked = accepted.filter(({ path, got }) => join(path, ".") !== got && join(path) !== got);
  assert.ok(accepted.length > cases / 25 && accepted.length < cases / 2, `${accepted.length} accepted`);
  assert.ok(linked.length > cases / 200, `${linked.length} through links`);
});

test("a place that is foreseen for what is missing is one that no link leads away from", () => {
  const foreseen = outcomes.flatMap(({ path, real }) => (real === undefined ? [foresee(path) ?? []].flat() : []));
  assert.ok(foreseen.length > cases / 50, `${foreseen.length} foreseen`);
  assert.deepEqual(
    foreseen.filter((path) =>
      [...model.keys()].some((known) => model.get(known)?.kind === "link" && isIn(known, path)),
    ),
    [],
  );
});
