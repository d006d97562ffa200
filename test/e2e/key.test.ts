import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { podman } from "./podman.ts";
import { processIds, readProcess } from "./proc.ts";
import { bash } from "./requests.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after }, { config: { log: { level: "trace" } } });
const { key, place } = stromboli;

const session_id = randomUUID();
const answer = stromboli.run(
  bash("env; cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'; touch begun; until [ -e go ]; do sleep 0.1; done", {
    claude: { session_id, debug: true },
  }),
);
const workspace = stromboli.workspace(session_id);
await until("the agent", () => existsSync(join(workspace, "begun")));
const { container } = await stromboli.job(session_id, "running");
const { stdout: inspected } = await podman("inspect", container);
const processes = processIds();
const commands = processes.map((pid) => readProcess(pid, "cmdline"));
const environments = processes
  .filter((pid) => Number(pid) !== stromboli.pid())
  .map((pid) => readProcess(pid, "environ"));
const held = readdirSync(place.folder, { recursive: true }).filter((name) => holds(join(place.folder, String(name))));
writeFileSync(join(workspace, "go"), "");
const { body } = await answer;

function holds(path: string): boolean {
  return existsSync(path) && statSync(path).isFile() && readFileSync(path, "latin1").includes(key);
}

test("the agent is answered by the model that only the key opens", () => {
  assert.equal(body.outcome, "succeeded");
  assert.deepEqual([...new Set(stromboli.model.requests.map(({ headers }) => headers["x-api-key"]))], [key]);
});

test("the agent finds a handle where the key would be, and the key in no process of its container", () => {
  assert.match(body.output ?? "", /^ANTHROPIC_API_KEY=stromboli-/m);
  assert.equal((body.output ?? "").includes(key), false);
});

test("what Podman tells of the running container holds no key", () => {
  assert.match(inspected, /"Id"/);
  assert.equal(inspected.includes(key), false);
});

test("no process on the host has the key on its command line, and only the daemon has it in its environment", () => {
  assert.ok(commands.some((command) => command.includes(container)));
  assert.deepEqual(
    [...commands, ...environments].filter((text) => text.includes(key)),
    [],
  );
});

test("no file of the daemon holds the key while the agent runs: log, database, job and session", () => {
  assert.deepEqual(held, []);
});

test("no file of the daemon holds the key after the run", async () => {
  await until("the clean-up", async () => (await stromboli.containers()).length === 0);
  const files = readdirSync(place.folder, { recursive: true, encoding: "utf8" });
  assert.deepEqual(
    files.filter((name) => holds(join(place.folder, name))),
    [],
  );
});

test("the log tells of the run and not of its prompt", () => {
  assert.match(stromboli.log(), /run ended/);
  assert.doesNotMatch(stromboli.log(), /touch begun/);
});

test("the database holds no handle that opens anything", () => {
  const handle = /ANTHROPIC_API_KEY=(stromboli-\S+)/.exec(body.output ?? "")?.[1] ?? "missing";
  const files = readdirSync(place.state).filter((name) => name.startsWith("stromboli.db"));
  assert.ok(files.length > 0);
  assert.deepEqual(
    files.filter((name) => readFileSync(join(place.state, name), "latin1").includes(handle)),
    [],
  );
});

test("the state folder is closed to everybody else, and so is the daemon's socket", () => {
  assert.deepEqual([statSync(place.state).mode & 0o777, statSync(place.socket).mode & 0o777], [0o700, 0o600]);
});
