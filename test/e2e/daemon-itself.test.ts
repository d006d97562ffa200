import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, lstatSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { processIds, readProcess } from "./proc.ts";
import { bash } from "./requests.ts";
import { until } from "./wait.ts";

process.umask(0); // what the daemon makes must be its user's alone whoever starts it
const marker = `marker-${randomUUID()}`;
const foreign = { AWS_SECRET_ACCESS_KEY: marker, GITHUB_TOKEN: marker, NOTIFY_SOCKET: `/run/${marker}` };
const stromboli = await startStromboli({ after }, { env: foreign });
const { place } = stromboli;

/** What a container has to reach, and why; the job's own folder above keeps everyone else out. */
const forContainers = new Map([
  ["jobs/JOB/broker", 0o755], // its user has another uid than the daemon's
  ["jobs/JOB/broker/api.sock", 0o666], // and has to connect
]);

type Found = { path: string; mode: number };

/** All that is below the state folder, but for what agents made. */
const walk = (folder: string, below = ""): Found[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    const found = { path, mode: lstatSync(join(folder, entry.name)).mode & 0o777 };
    const theirs = /^sessions\/[^/]+\/(home|workspace)$/.test(path);
    return entry.isDirectory() && !theirs ? [found, ...walk(join(folder, entry.name), path)] : [found];
  });

const isFolder = (path: string) => lstatSync(join(place.state, path)).isDirectory();

/** What others could look into, or what a container could not. */
const unexpected = () =>
  walk(place.state)
    .filter(({ path, mode }) => {
      const wanted = forContainers.get(path.replace(/(?<=^jobs\/)[^/]+/, "JOB"));
      return mode !== (wanted ?? (isFolder(path) ? 0o700 : 0o600));
    })
    .map(({ path, mode }) => `${path} ${mode.toString(8)}`);

const session_id = randomUUID();
const volume = stromboli.makeVolume();
const answer = stromboli.run(
  bash("umask; touch begun; until [ -e go ]; do sleep 0.1; done", {
    claude: { session_id },
    podman: { volumes: [`${volume}:/data`] },
  }),
);
const workspace = stromboli.workspace(session_id);
await until("the agent", () => existsSync(join(workspace, "begun")));
const { container } = await stromboli.job(session_id, "running");
const during = { names: walk(place.state).map(({ path }) => path), unexpected: unexpected() };
const environments = processIds()
  .filter((pid) => readProcess(pid, "cmdline").includes(container))
  .map((pid) => readProcess(pid, "environ"));
writeFileSync(join(workspace, "go"), "");
const { body } = await answer;

test("while an agent runs, only what its container has to reach is open to others", () => {
  assert.ok(during.names.some((name) => name.endsWith("broker/api.sock")));
  assert.ok(during.names.some((name) => name.endsWith("hooks/volumes.json")));
  assert.ok(during.names.includes("stromboli.db-wal"));
  assert.deepEqual(during.unexpected, []);
});

test("after the run nothing of the daemon's is open to others", async () => {
  await until("the clean-up", async () => (await stromboli.containers()).length === 0);
  assert.deepEqual(unexpected(), []);
});

test("the state folder and the daemon's socket are the user's alone", () => {
  assert.equal(lstatSync(place.state).mode & 0o777, 0o700);
  assert.equal(lstatSync(place.socket).mode & 0o777, 0o600);
});

test("the agent's files are as in any container", () => {
  assert.equal(body.output, "result: 0022");
});

test("Podman and what it starts for a container see nothing of the daemon's environment that is not Podman's", () => {
  const seen = environments.filter((environment) => environment.includes("PATH="));
  assert.ok(seen.length > 0);
  assert.deepEqual(
    seen.filter((environment) => environment.includes(marker)),
    [],
  );
});

test("a daemon that takes over finds its files and runs on them", async () => {
  await stromboli.end("SIGTERM");
  await stromboli.start();
  const { body: next } = await stromboli.run(bash("cat begun && echo there", { claude: { session_id, resume: true } }));
  assert.equal(next.output, "result: there");
  await until("the end of the clean-up", async () => (await stromboli.containers()).length === 0); // its last step
  assert.deepEqual(unexpected(), []);
});
