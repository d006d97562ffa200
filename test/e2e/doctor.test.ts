import assert from "node:assert/strict";
import { chmodSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import type { Finding } from "../../lib/doctor/finding.ts";
import { Health } from "../../lib/schema/health.ts";
import { createCli, type CliOptions } from "./cli.ts";
import { startStromboli } from "./harness.ts";
import { makePlace } from "./place.ts";
import { enforcesLimits, rootful } from "./podman.ts";
import { until } from "./wait.ts";

const config = { podman: { keep_free: "60000g" }, health: { look_every: "10m" } }; // so that a warning is sure
const stromboli = await startStromboli({ after }, { config });

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

test("beside a daemon the doctor sees its socket, port, database and credential, never shown", async () => {
  const { code, stdout, of } = await doctorIn(stromboli.place)("--online");
  assert.equal(code, 0);
  const said = ["socket", "port", "database", "credentials"].map((name) => of(name)?.message).join("\n");
  assert.match(
    said,
    /^a daemon answers at .*\nthe daemon has http:.*\nwhole, at migration \d+\nan API key, the running/,
  );
  assert.equal(stdout.includes(stromboli.key), false);
});

test("a daemon tells in its health and its log what is less than it should be, and is well for all that", async () => {
  const { status, warnings } = await until("the first look", async () => {
    const health = Health.parse(await (await stromboli.send("/health")).json());
    return health.warnings?.length ? health : undefined;
  });
  const disk = warnings?.find(({ name }) => name === "disk");
  assert.match(disk?.message ?? "", /^\d+\.\d GiB free at .*less than podman\.keep_free: no image is pulled$/);
  assert.match(disk?.remedy ?? "", /^make room: /);
  assert.equal(status, "ok");
  assert.match(stromboli.log(), /"level":"warn".*"check":"disk","remedy":"make room: .*","msg":"\d/);
});

test("a trial container shows whether limits hold on this machine", async () => {
  const trial = (await doctorIn(stromboli.place)()).of("trial");
  const [status, message] = (await enforcesLimits())
    ? ["ok", /^claude 2\S+ ran .* a limit that holds$/]
    : ["warning", /does not hold/];
  assert.equal(trial?.status, status);
  assert.match(trial?.message ?? "", message);
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
