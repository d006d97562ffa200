import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import type { StackPlan } from "../../lib/compose/plan.ts";
import { StromboliError } from "../../lib/errors.ts";
import { contains } from "../../lib/policy/host-path.ts";
import { configOf } from "../harness.ts";
import { createRandom, type Random } from "../policy/random.ts";
import { planOf } from "./stack.ts";

const documents = 2500;
const longestMs = 1000;
const seed = Number(process.env["SEED"] ?? 20_261_126);

const codes = ["compose_invalid", "image_not_allowed", "volume_not_allowed", "limit_exceeded"];
const config = configOf({ policy: { images: ["docker.io/library/*"], max_memory: "1g" } });
const context = { config, variables: { A: "a", TAG: "16" }, readText: () => "A=b\nC=$A" };

const names = ["a", "b", "db", "constructor", "x-1", "default"] as const;
const scalars = [
  "a",
  "",
  "1",
  0,
  -1,
  1.5,
  true,
  false,
  null,
  "$A",
  "${TAG:-x}",
  "$$",
  "512m",
  "5s",
  "no",
  "/a",
  "./x",
  "x\n",
] as const;
const odd = [
  "${",
  "__proto__",
  "../../etc:/a",
  "/etc:/a",
  "a:/proc",
  "\u0000",
  "${NO}",
  "ro",
  [],
  {},
  [[]],
  1e300,
] as const;

/** Values by key, of which most fit: so that many a document comes to a plan. */
const values: Readonly<Record<string, (random: Random) => unknown>> = {
  command: ({ pick }) => pick<unknown>(["run it", ["run", 5], "say 'a", [], "a | b"]),
  entrypoint: ({ pick }) => pick<unknown>(["/init", ["a", ""], null]),
  environment: ({ pick }) => pick<unknown>([{ A: "$A", B: 1 }, ["A=1", "TAG"], { PATH: "x" }, { "a-b": 1 }, {}]),
  env_file: ({ pick }) => pick<unknown>(["a.env", [{ path: "b.env", required: false }], "/etc/a.env", "missing.env"]),
  networks: ({ pick, list }) => pick<unknown>([list(2, () => pick(names)), { a: { aliases: ["x"] } }, { b: null }]),
  depends_on: ({ pick, list }) =>
    pick<unknown>([list(2, () => pick(names)), { db: { condition: "service_healthy", required: false } }]),
  healthcheck: ({ pick }) =>
    pick<unknown>([{ test: "true", interval: "5s" }, { test: ["CMD", "a"] }, { disable: true }, { retries: 0 }]),
  volumes: ({ pick, list }) =>
    list(3, () =>
      pick<unknown>(["a:/a", "b:/b:ro", "./x:/c", "../../../etc:/d", "/e", { type: "tmpfs", target: "/f" }, "/etc:/g"]),
    ),
  tmpfs: ({ pick }) => pick<unknown>(["/run", ["/tmp", "/a"], "/proc"]),
  working_dir: ({ pick }) => pick<unknown>(["/srv", "srv", "/usr"]),
  user: ({ pick }) => pick<unknown>(["0", "me:you", 1000]),
  restart: ({ pick }) => pick<unknown>(["no", "always", "on-failure:3"]),
  mem_limit: ({ pick }) => pick<unknown>(["64m", "1gb", "2g", 0]),
  cpus: ({ pick }) => pick<unknown>([1, "0.5", 0]),
  read_only: ({ pick }) => pick<unknown>([true, "true", "$A"]),
  deploy: ({ pick }) => pick<unknown>([{ resources: { limits: { pids: 5 } } }, { replicas: 2 }]),
  secrets: ({ pick }) => pick<unknown>([["a"], ["b"]]),
  labels: ({ pick }) => pick<unknown>([{ a: "${NO}" }, 5]),
};
const keys = Object.keys(values);

const anything = (random: Random, depth: number): unknown => {
  const kind = depth > 3 ? 0 : random.below(4);
  if (kind === 1) return random.list(3, () => anything(random, depth + 1));
  if (kind === 2) return Object.fromEntries(random.list(3, () => [random.pick(names), anything(random, depth + 1)]));
  return random.below(3) === 0 ? random.pick<unknown>(odd) : random.pick<unknown>(scalars);
};

const service = (random: Random): Record<string, unknown> => {
  const given = random.list(5, () => keys[random.below(keys.length)] ?? "init");
  const entries = given.map((key) => [key, random.below(25) === 0 ? anything(random, 0) : values[key]?.(random)]);
  const strange = random.below(25) === 0 ? { [random.pick(["privileged", "pid", "build"])]: anything(random, 1) } : {};
  return { image: random.pick(["db:$TAG", "db", "db", "quay.io/a/b"]), ...Object.fromEntries(entries), ...strange };
};

const file = (random: Random): unknown => {
  if (random.below(30) === 0) return anything(random, 0);
  return {
    services: Object.fromEntries(random.list(3, () => [random.pick(names), service(random)])),
    networks: { a: null, b: { internal: true }, constructor: {} },
    volumes: random.below(10) === 0 ? anything(random, 1) : { a: null, b: {}, c: null },
    secrets: { a: { external: true } },
  };
};

/** The text with some of it cut out, doubled or replaced by what means something in YAML. */
const damage = (text: string, random: Random): string => {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + random.below(12));
  const noise = random.pick([
    "",
    text.slice(at, end).repeat(2),
    "&a ",
    "*a",
    "<<: ",
    "- ",
    "{",
    "]",
    "\t",
    "\0",
    "!!x ",
    "|\n",
    "'",
    ": ",
  ]);
  return text.slice(0, at) + noise + text.slice(end);
};

/** Whatever was written: what is in a plan is allowed. */
const checkPlan = ({ services, agent, networks, volumes }: StackPlan): void => {
  const started = new Set<string>();
  for (const { name, images, needs } of services) {
    assert.match(name, /^[a-z0-9][a-z0-9_-]{0,62}$/);
    assert.ok(images.length > 0 && images.every((image) => image.startsWith("docker.io/library/")));
    assert.ok(needs.every((need) => started.has(need.service)));
    started.add(name);
  }
  for (const user of [agent, ...services]) {
    assert.ok(user.volumes.every(({ source }) => contains("/data", source)));
    assert.ok(user.named.every(({ name }) => volumes.includes(name)));
    assert.ok(user.networks.every(({ name }) => networks.includes(name)));
  }
  for (const { volumes: bound, named, tmpfs, limits } of services) {
    const targets = [...bound, ...named].map(({ target }) => target).concat(tmpfs);
    assert.equal(new Set(targets).size, targets.length);
    assert.ok(targets.every((target) => target !== "/" && !contains("/proc", target)));
    assert.ok(limits.memoryBytes <= 1_073_741_824);
  }
};

const outcomeOf = (text: string, agent: string | undefined): string => {
  try {
    checkPlan(planOf(text, { ...context, service: agent }));
    return "plan";
  } catch (error) {
    if (error instanceof StromboliError) return error.code;
    throw error;
  }
};

test(`any of ${documents} generated documents comes to a plan that is allowed, or is refused, and soon`, () => {
  const random = createRandom(seed);
  const counts = new Map<string, number>();
  for (let index = 0; index < documents; index++) {
    const whole = stringify(file(random), { aliasDuplicateObjects: false });
    const text = random.below(3) === 0 ? damage(damage(whole, random), random) : whole;
    const start = performance.now();
    const outcome = outcomeOf(text, random.below(3) === 0 ? "a" : undefined);
    assert.ok(performance.now() - start < longestMs, `too slow, with SEED=${seed}:\n${text}`);
    assert.ok(["plan", ...codes].includes(outcome), `${outcome}, with SEED=${seed}:\n${text}`);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  assert.deepEqual([...counts.keys()].toSorted(), ["plan", ...codes].toSorted()); // none of them has become unreachable
  assert.ok((counts.get("plan") ?? 0) > documents / 20, `only ${counts.get("plan")} came to a plan`);
});
