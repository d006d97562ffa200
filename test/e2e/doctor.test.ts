import assert from "node:assert/strict";
import { chmodSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import type { Finding } from "../../lib/doctor/finding.ts";
import { createCli, type CliOptions } from "./cli.ts";
import { startStromboli } from "./harness.ts";
import { makePlace } from "./place.ts";
import { enforcesLimits, rootful } from "./podman.ts";

const stromboli = await startStromboli({ after });

type Report = { status: Finding["status"]; checks: (Finding & { fixable: boolean })[] };

const doctorIn = (place: Parameters<typeof createCli>[0], options?: CliOptions) => {
  const cli = createCli(place, {});
  return async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await cli.run(["doctor", "--json", ...args], options);
    const report = JSON.parse(stdout) as Report;
    const of = (name: string) => report.checks.find((check) => check.name === name);
    return { code, stdout, stderr, of, ...report };
  };
};

test("beside a daemon the doctor sees its socket, port, database and credential, never shown, and tries a container", async () => {
  const { code, stdout, status, checks, of } = await doctorIn(stromboli.place)("--online");
  const failures = checks.filter((check) => check.status === "failure");
  assert.deepEqual([code, failures], [0, []]);
  assert.match(of("socket")?.message ?? "", /^a daemon answers at /);
  assert.match(of("port")?.message ?? "", /^the daemon has http:/);
  assert.match(of("database")?.message ?? "", /^whole, at migration \d+$/);
  assert.equal(of("credentials")?.message, "an API key, the running daemon has it");
  const holds = await enforcesLimits();
  assert.match(of("trial")?.message ?? "", holds ? /^claude 2\S+ ran .* a limit that holds$/ : /does not hold/);
  assert.equal(of("trial")?.status, holds ? "ok" : "warning");
  assert.equal(status, rootful || !holds ? "warning" : "ok");
  assert.equal(stdout.includes(stromboli.key), false);
});

/** A user without a daemon. */
const emptyPlace = (t: TestContext) => {
  const place = makePlace();
  t.after(() => place[Symbol.dispose]());
  return { ...place, env: { XDG_RUNTIME_DIR: rootful ? place.folder : process.env["XDG_RUNTIME_DIR"] } };
};

test("without Podman the doctor says so and what to do, and looks at the rest", async (t) => {
  const place = emptyPlace(t);
  place.configure({ podman: { binary: "/nonexistent/podman" }, server: { port: 0 } });
  const { code, checks, of } = await doctorIn(place, place)();
  assert.deepEqual([code, of("podman")?.status, of("podman")?.fixable], [1, "failure", true]);
  assert.deepEqual([of("trial"), of("database")?.status], [undefined, "ok"]);
  assert.ok(checks.every((check) => check.status === "ok" || check.remedy));
});

test("where configuration and database are broken each fails for itself, and --fix mends what it may", async (t) => {
  const place = emptyPlace(t);
  const state = join(place.folder, "stromboli"); // the usual one, as the configuration cannot name another
  mkdirSync(state);
  chmodSync(state, 0o755);
  writeFileSync(join(state, "stromboli.db"), "nothing of SQLite's".repeat(500));
  writeFileSync(place.configFile, "server: {prot: 1}");
  const { code, stderr, of } = await doctorIn(place, place)("--fix");
  assert.equal(code, 1);
  assert.deepEqual([of("configuration")?.status, of("database")?.status], ["failure", "failure"]);
  assert.match(stderr, /^stromboli: fixing: chmod 700 \S.*\n$/);
  assert.deepEqual([of("folders")?.status, lstatSync(state).mode & 0o777], ["ok", 0o700]);
});
