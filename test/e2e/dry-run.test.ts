import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { DryRun } from "../../lib/schema/dry-run.ts";
import { createCli } from "./cli.ts";
import { startStromboli } from "./harness.ts";
import { makePlace } from "./place.ts";
import { podman as callPodman } from "./podman.ts";
import { refusedStart } from "./process.ts";

const policy = { max_memory: "1g", images: ["docker.io/library/*"], networks: ["full" as const] };
const stromboli = await startStromboli({ after }, { config: { policy, defaults: { network: "full" } } });
const { place, makeVolume, containers, list, run } = stromboli;
const cli = createCli(place);

test("a dry run prints the plan, ends with 0 and runs nothing", async () => {
  const volume = makeVolume();
  const args = ["run", "--dry-run", "-v", `${volume}:/data:ro`, "-e", "CI=s3cret-value", "--memory", "300m", "hello"];
  const { code, stdout, stderr } = await cli.run(args);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^image +localhost\/stromboli-agent:latest\ndigest +sha256:/);
  for (const line of [`volume +${volume} at /data, read-only`, "memory +300 MiB", "env +CI"])
    assert.match(stdout, new RegExp(`^${line}$`, "m"));
  assert.ok(!stdout.includes("s3cret-value"));
  assert.deepEqual([await containers(), (await list()).jobs], [[], []]);
});

for (const [args, pattern] of [
  [["--memory", "2g"], /it would be refused: memory 2g is above policy\.max_memory/],
  [["-i", "localhost/stromboli-agent:other"], /image localhost\/stromboli-agent:other is not allowed here/],
  [["--network", "none"], /network none is not in policy\.networks/],
  [["-v", "/etc:/data"], /volume \/etc is not/],
] as const) {
  test(`what would be refused ends with 77, dry or not: ${args.join(" ")}`, async () => {
    const dry = await cli.run(["run", "--dry-run", ...args, "hello"]);
    assert.deepEqual([dry.code, dry.stdout], [77, ""]);
    assert.match(dry.stderr, pattern);
    assert.equal((await cli.run(["run", ...args, "hello"])).code, 77);
  });
}

test("with --json a refusal is printed as the daemon told it, and the exit code is the same", async () => {
  const { code, stdout } = await cli.run(["run", "--dry-run", "--json", "--memory", "2g", "hello"]);
  const answer = DryRun.parse(JSON.parse(stdout));
  assert.deepEqual([code, answer.allowed || answer.refusal.code], [77, "limit_exceeded"]);
});

test("an id does not get round the images that are allowed", async () => {
  const { stdout: id } = await callPodman("image", "inspect", "--format={{.Id}}", "localhost/stromboli-agent");
  for (const image of [id, id.slice(0, 12), `sha256:${id}`]) {
    const { status, body } = await run({ prompt: "hello", podman: { image } });
    assert.deepEqual([status, body.code], [403, "image_not_allowed"], image);
  }
});

test("a short name is not taken for an image that was built here and is not allowed", async (t) => {
  await callPodman("tag", "localhost/stromboli-agent", "localhost/stromboli-e2e-short:1");
  t.after(() => callPodman("rmi", "localhost/stromboli-e2e-short:1"));
  const { status, body } = await run({ prompt: "hello", podman: { image: "stromboli-e2e-short:1" } });
  assert.deepEqual([status, body.code], [404, "image_not_found"]);
  assert.match(body.error ?? "", /images pull docker\.io\/library\/stromboli-e2e-short:1/);
});

const bodyOf = (volume: string) => ({
  method: "POST",
  body: JSON.stringify({ prompt: "hello", podman: { volumes: [volume] } }),
});

test("what lies around the daemon's state, configuration, code and socket cannot be mounted, whatever is allowed", async (t) => {
  const cache = mkdtempSync("/tmp/stromboli-e2e-cache-");
  t.after(() => rmSync(cache, { recursive: true }));
  const env = { XDG_CACHE_HOME: cache };
  const other = await startStromboli(t, { config: { policy: { volumes: ["/tmp"] } }, env });
  const { folder, state, configFile, configHome, socket } = other.place;
  const [code = ""] = readdirSync(join(cache, "stromboli"));
  const compiled = join(cache, "stromboli", code);
  for (const path of [folder, state, join(state, "sessions"), configFile, configHome, socket, cache, compiled]) {
    const answer = DryRun.parse(await (await other.send("/run?dry_run=true", bodyOf(`${path}:/data:ro`))).json());
    assert.ok(!answer.allowed, path);
    assert.match(answer.refusal.error, /is Stromboli's own|would show|neither a folder nor a file/, path);
  }
});

for (const [config, pattern] of [
  [{ policy: { volumes: ["/etc"] } }, /policy\.volumes: \/etc can never be mounted/],
  [{ policy: { max_memory: "256m" } }, /defaults\.memory: must be at most 256m/],
  [{ policy: { networks: ["none"] } }, /defaults\.network: must be one of policy\.networks/],
] as const) {
  test(`a configuration that contradicts itself refuses the start: ${JSON.stringify(config)}`, async (t) => {
    const own = makePlace();
    t.after(() => own[Symbol.dispose]());
    own.configure({ state_dir: own.state, server: { port: 0, socket: own.socket }, ...config });
    const { code, said } = await refusedStart(own);
    assert.equal(code, 78);
    assert.match(said, pattern);
  });
}
