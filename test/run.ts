import { spawnSync, type SpawnSyncOptions } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative } from "node:path";
import { run as runTests } from "node:test";
import { spec } from "node:test/reporters";
import { pipeline } from "node:stream/promises";
import { inspect } from "node:util";
import { findLeftovers, takeStock } from "./e2e/leftovers.ts";
import { defaultImage, podman } from "./e2e/podman.ts";

/**
 * `npm test`: all tests. Agents are meant to run rootless, so as root most of the end-to-end tests are run as an
 * unprivileged user, and what depends on who runs Podman as both. Fails as well when anything of ours is left behind.
 */
const root = join(import.meta.dirname, "..");
const setup = join(root, "bin/setup");
const rootful = process.getuid?.() === 0;
const again = process.argv.includes("--again"); // started by the first run, as the other user

/** What HTTP, the queue and the disk do does not depend on who runs Podman, and some of it needs root to be tried. */
const sameForAll =
  /^(cancel-race|events|idempotency|jobs-refusals|logs|musl|package|podman-gone|queue|retention|storage|watchdog|webhooks)/;
const otherAsRoot = /^(isolation|limits|volumes)\./;

/** What takes long begins first, so that no such file is alone at the end. */
const long =
  /^(answers|cli-|failures|guides|hooks|images|limits|package|pull|recovery|red-team|sessions|storage|volumes|watchdog)/;

/** The files load much of the same: compiled once, each process of a test starts with half the work. */
process.env["NODE_COMPILE_CACHE"] ??= join(homedir(), ".cache/stromboli");

const main = async (): Promise<void> => {
  const began = performance.now();
  const failed: string[] = [];
  const codes = [await testHere(failed)];
  if (rootful) {
    codes.push(testAsUser());
    for (const failure of failed) console.log(`\nfailed as root: ${failure}`); // else the second run hides it
  }
  if (!again) console.log(`all tests took ${Math.round((performance.now() - began) / 1000)} s`);
  process.exitCode = Math.max(...codes);
};

/** `failed` gets a line for each test that fails. */
const testHere = async (failed: string[]): Promise<number> => {
  const user = rootful ? "root, with rootful Podman" : `uid ${process.getuid?.()}, with rootless Podman`;
  console.log(`\n=== ${again ? "end-to-end tests" : "tests"} as ${user} ===\n`);
  process.env["E2E_IMAGE"] = (await podman("image", "inspect", "--format={{.Id}}", defaultImage)).stdout;
  const before = await takeStock();
  const code = await testFiles(failed, [...(again ? [] : ["test/units.ts"]), ...endToEnd()]);
  const left = await findLeftovers(before);
  for (const thing of left) console.error(`left behind: ${thing}`);
  return left.length > 0 ? Math.max(code, 1) : code;
};

/** Node's command line would run them in the order of their names. */
const testFiles = async (failed: string[], files: readonly string[]): Promise<number> => {
  const events = runTests({ cwd: root, files: files.map((file) => join(root, file)), concurrency: 4 });
  let succeeded = false;
  events.on("test:summary", ({ file, success }) => void (file === undefined && (succeeded = success)));
  events.on("test:fail", ({ name, file, details }) =>
    failed.push(`${name} (${file})\n${inspect(details.error.cause)}`),
  );
  await pipeline(events.compose(spec), process.stdout, { end: false });
  return succeeded ? 0 : 1;
};

const endToEnd = (): string[] => {
  const names = readdirSync(join(root, "test/e2e")).filter((name) => name.endsWith(".test.ts"));
  const ours = again
    ? names.filter((name) => !sameForAll.test(name))
    : names.filter((name) => !rootful || sameForAll.test(name) || otherAsRoot.test(name));
  const [first, others] = [ours.filter((name) => long.test(name)), ours.filter((name) => !long.test(name))];
  return [...first, ...others].map((name) => `test/e2e/${name}`);
};

const testAsUser = (): number => {
  using checkout = readableCheckout();
  const node = join(checkout.path, relative(root, process.execPath)); // ours lies below node_modules, and so does theirs
  return run([setup, "--as-test-user", node, "test/run.ts", "--again"], { cwd: checkout.path });
};

/** This checkout where the other user can read it, else a copy that is gone afterwards: a clone below /root is closed. */
const readableCheckout = (): { path: string } & Disposable => {
  const needed = ["test/run.ts", "node_modules/execa/package.json"].map((file) => join(root, file));
  const check = [setup, "--as-test-user", "cat", ...needed];
  if (run(check, { stdio: "ignore", cwd: "/" }) === 0) return { path: root, [Symbol.dispose]: () => {} };
  const path = mkdtempSync("/var/tmp/stromboli-e2e-checkout-");
  const remove = () => rmSync(path, { recursive: true });
  const filter = (file: string) => relative(root, file) !== ".git";
  cpSync(root, path, { recursive: true, verbatimSymlinks: true, filter });
  chmodSync(path, 0o755);
  run(["chmod", "-R", "a+rX", path]);
  return { path, [Symbol.dispose]: remove };
};

const run = ([command = "", ...argv]: readonly string[], options: SpawnSyncOptions = {}): number => {
  const { status, error } = spawnSync(command, argv, { stdio: "inherit", ...options });
  if (error) throw error;
  return status ?? 1;
};

await main();
