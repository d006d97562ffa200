import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { Health } from "../../lib/schema/health.ts";
import { createCli } from "./cli.ts";
import type { Owner } from "./harness.ts";
import { knowTrial, makePlace } from "./place.ts";
import { makeStandIn } from "./stand-in.ts";

const binary = makeStandIn({ after });

/** A user without a daemon, who is left without one. */
const harness = (t: Owner, config: { server?: object } = {}) => {
  const place = makePlace();
  const server = { port: 0, socket: place.socket, ...config.server };
  place.configure({ ...config, state_dir: place.state, server, claude: { binary }, health: { look_every: "off" } });
  knowTrial(place);
  const cli = createCli(place, { STROMBOLI_SERVER_SOCKET: place.socket });
  t.after(async () => {
    await cli.run(["daemon", "stop"]);
    place[Symbol.dispose]();
  });
  const note = () => JSON.parse(readFileSync(join(place.state, "daemon.json"), "utf8")) as { pid: number; url: string };
  return { ...cli, place, server, note, pid: () => note().pid };
};

const key = "sk-ant-e2e-0123456789";
const shared = harness({ after });
await shared.run(["daemon", "start"], { env: { ANTHROPIC_API_KEY: key } });

test("a run starts a daemon where there is none, says so, shares it with one that comes at once, and the next one finds it", async (t) => {
  const { run, pid } = harness(t);
  const both = await Promise.all(["one", "two"].map((word) => run(["run", "--demo", `answer ${word}`])));
  assert.deepEqual(
    both.map(({ code, stdout }) => [code, stdout]),
    [
      [0, "one\n"],
      [0, "two\n"],
    ],
  );
  const said = "stromboli: starting the daemon in the background; stop it with: stromboli daemon stop\n";
  const heard = both.map(({ stderr }) => stderr.replace("stromboli: waiting for another set-up to end\n", ""));
  assert.deepEqual(new Set([said, ...heard]), new Set(heard.includes("") ? [said, ""] : [said]));
  assert.ok(heard.includes(said));
  const before = pid();
  assert.deepEqual(await run(["run", "--demo", "answer three"]), { code: 0, stdout: "three\n", stderr: "" });
  assert.equal(pid(), before);
});

test("daemon start, status and stop do what they say, say so when there is nothing to do, and see that one was killed", async (t) => {
  const { run, place, note, pid } = harness(t);
  const said = async (command: string) => (await run(["daemon", command])).stderr;
  const runs = `stromboli: the daemon runs, as ${place.configFile} says\n`;
  assert.equal(await said("start"), runs);
  const { pid: first } = note();
  assert.equal(await said("start"), "stromboli: the daemon runs already\n");
  assert.equal(pid(), first);
  process.kill(first, "SIGKILL");
  assert.equal((await run(["daemon", "status"])).code, 69);
  assert.deepEqual(await run(["daemon", "start"]), { code: 0, stdout: "", stderr: runs });
  const { pid: second, url } = note();
  assert.notEqual(second, first);
  const { stdout } = await run(["daemon", "status"]);
  assert.match(stdout, new RegExp(`^process ${second}, version \\S+\n${url}\nunix://${place.socket}\n$`));
  assert.equal(await said("stop"), "stromboli: the daemon has stopped\n");
  assert.equal(await said("stop"), "stromboli: no daemon runs\n");
  const { code, stderr } = await run(["daemon", "status"]);
  assert.deepEqual([code, stderr], [69, "stromboli: no daemon runs; start it with: stromboli daemon start\n"]);
});

test("a configuration that is broken is told with file and line, and nothing is started", async (t) => {
  const { run, place } = harness(t, { server: { prot: 9000 } });
  for (const args of [["daemon", "start"], ["daemon"], ["run", "--demo", "hello"]]) {
    const { code, stderr } = await run(args);
    assert.equal(code, 78);
    assert.match(
      stderr,
      new RegExp(`^stromboli: ${place.configFile}:\\d+: server\\.prot: unknown key, did you mean server\\.port\\?\n$`),
    );
  }
  assert.equal(existsSync(join(place.state, "daemon.json")), false);
});

test("a daemon that cannot start ends daemon start with its own exit code and words", async (t) => {
  const taken = createServer().listen(0, "127.0.0.1");
  t.after(() => taken.close());
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo; // TCP and listening: never null, never a pipe
  const { code, stderr } = await harness(t, { server: { port } }).run(["daemon", "start"]);
  assert.equal(code, 78);
  assert.match(
    stderr,
    /^stromboli: the daemon did not start:\nstromboli: cannot listen on 127\.0\.0\.1:\d+: .*server\.port\n$/,
  );
});

test("the daemon in the background reads the configuration that its starter read", async (t) => {
  const { run, place, server } = harness(t);
  renameSync(place.configFile, join(place.folder, "here.yaml"));
  const flags = ["--config", "here.yaml", "--set", "log.level=debug"];
  const env = { STROMBOLI_CONFIG: undefined };
  assert.equal((await run(["daemon", "start", ...flags], { env })).code, 0);
  assert.match((await run(["daemon", ...flags, "status"], { env })).stdout, new RegExp(`unix://${server.socket}`));
  assert.match(readFileSync(join(place.state, "daemon.log"), "utf8"), /here\.yaml/);
  assert.match((await run(["daemon", "stop", ...flags], { env })).stderr, /has stopped/);
});

test("a key in the environment of whoever starts the daemon is on no command line", () => {
  const { pid } = shared;
  assert.match(readFileSync(`/proc/${pid()}/environ`, "utf8"), new RegExp(key));
  assert.doesNotMatch(readFileSync(`/proc/${pid()}/cmdline`, "utf8"), /sk-ant/);
});

test("status tells how the daemon and what it depends upon are, for people and as JSON", async () => {
  const { run } = shared;
  const { code, stdout, stderr } = await run(["status"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^stromboli \S+: ok\n✔ podman\n✔ database\n✔ claude\n(! .*\n)*$/);
  const health = Health.parse(JSON.parse((await run(["status", "--json"])).stdout));
  assert.deepEqual([health.name, health.status], ["stromboli", "ok"]);
});

test("status and version find the daemon where the configuration file puts it", async () => {
  const { run, place } = shared;
  const env = { STROMBOLI_SERVER_SOCKET: undefined, XDG_RUNTIME_DIR: place.folder };
  assert.equal((await run(["status"], { env })).code, 0);
  assert.doesNotMatch((await run(["version"], { env })).stdout, /not running/);
});

test("without a daemon status ends with 69, and version tells the rest", async (t) => {
  const { run } = harness(t);
  const { code, stdout, stderr } = await run(["status"]);
  assert.deepEqual(
    [code, stdout, stderr],
    [69, "", "stromboli: no daemon runs; start it with: stromboli daemon start\n"],
  );
  const { stdout: versions } = await run(["version"]);
  assert.match(versions, /^stromboli \d+\.\d+\.\d+\ndaemon not running\nclaude \d+\.\d+\.\d+\n$/);
  assert.match((await run(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
});
