import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { createCli } from "./cli.ts";
import { startStromboli } from "./harness.ts";
import { makeStandIn, scripted } from "./stand-in.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after }, { config: { claude: { binary: makeStandIn({ after }) } } });
const { run, submit, ended, events, logOf, cancel, workspace } = stromboli;
const { run: cli } = createCli(stromboli.place);

type Lifecycle = Record<string, string[] | string>;
const hooked = (
  lifecycle: Lifecycle,
  more: { agent?: string; session?: string; resume?: boolean; podman?: object } = {},
) =>
  scripted(more.agent ?? "cat order ~/order 2>/dev/null || true", {
    podman: { network: "none", lifecycle, ...more.podman },
    ...(more.session !== undefined && { claude: { session_id: more.session, resume: more.resume ?? false } }),
  });
const hookLog = async (id: string | undefined) => String(await logOf(String(id), "?stream=hooks"));
const orderIn = (session: string) => readFileSync(join(workspace(session), "order"), "utf8");
/** A job whose hook waits for a file `go`, when it is at work. */
const begin = async (lifecycle: Lifecycle, agent = "true") => {
  const session = randomUUID();
  const { body } = await submit(hooked(lifecycle, { session, agent }));
  await until("the hook", () => existsSync(join(workspace(session), "begun")));
  return { id: String(body.job_id), session };
};

test("pip installs what a project needs, once, and it is there for every run of the session", async () => {
  const project = stromboli.makeVolume();
  execFileSync("python3", ["-c", wheel, project]);
  const podman = { volumes: [`${project}:/workspace`] };
  const lifecycle = { on_create_command: ["pip install --no-index --find-links=. -r requirements.txt"] };
  const session = randomUUID();
  const agent = "python3 -c 'import island; print(island.name)'; island";
  const { body } = await run(hooked(lifecycle, { podman, session, agent }));
  assert.equal(body.output, "Stromboli\nerupting");
  assert.ok((body.timings_ms?.hooks ?? 0) > 100, "pip takes its time");
  assert.match(await hookLog(body.id), /Successfully installed island-1\.0/);
  const { body: again } = await run(hooked(lifecycle, { podman, session, resume: true, agent }));
  assert.equal(again.output, "Stromboli\nerupting");
  assert.match(await hookLog(again.id), /^\{[^\n]*"skipped"\}\n$/);
});

test("hooks have the run's user, workdir, variables and limits, and post_start comes with every run", async () => {
  const session = randomUUID();
  const lifecycle = {
    on_create_command: ['echo "$(id -u) $PWD $WORD $HOME" >order'],
    post_create: ["echo created >>order"],
    post_start: ["echo started >>order", "touch /etc/x 2>/dev/null || echo read-only >>order"],
  };
  const podman = { env: { WORD: "hello" } };
  const { body } = await run(hooked(lifecycle, { session, podman, agent: "id -u; cat order" }));
  const [uid, ...lines] = String(body.output).split("\n");
  assert.deepEqual(lines, [`${uid} /workspace hello /home/agent`, "created", "started", "read-only"]);
  const { body: again } = await run(hooked(lifecycle, { session, resume: true, podman, agent: "tail -n 2 order" }));
  assert.equal(again.output, "started\nread-only");
  assert.notEqual(uid, "0");
});

test("what hooks print and how they end are events of the job, between its start and the agent's output", async () => {
  const { body } = await run(hooked({ post_start: ["echo one; echo two >&2"] }));
  const seen = (await events(String(body.id))).filter(({ event }) => event === "hook" || event === "output");
  assert.deepEqual(seen.map(({ event }) => event), ["hook", "hook", "hook", "hook", "output"]); // prettier-ignore
  assert.deepEqual(seen.slice(1, 3).map(({ data }) => data), ["one", "two"]); // prettier-ignore
  assert.match(seen[3]?.data ?? "", /"hook":"post_start".*"state":"ended","exit_code":0\}$/);
});

test("a hook that fails ends the run before its agent begins, and says which and why", async () => {
  const session = randomUUID();
  const lifecycle = { on_create_command: ["echo all is lost; exit 3"], post_start: ["touch started"] };
  const { status, body } = await run(hooked(lifecycle, { session, agent: "touch begun" }));
  assert.deepEqual([status, body.status, body.outcome, body.exit_code], [200, "failed", "hook_failed", 3]);
  const why = "the hook on_create_command[0] (echo all is lost; exit 3) failed with exit code 3; its last words: all is lost"; // prettier-ignore
  assert.deepEqual([body.error, body.crash_info?.partial_output], [why, "all is lost\n"]);
  assert.deepEqual([body.timings_ms?.agent, body.output], [0, "all is lost"]);
  const mended = { ...lifecycle, on_create_command: ["echo all is well >>order"] };
  const { body: next } = await run(hooked(mended, { session, resume: true, agent: "ls; cat order" }));
  assert.equal(next.output, "order\nstarted\nall is well");
});

test("hooks that take too long are ended", async () => {
  const { body } = await run(hooked({ post_start: ["sleep 600"], hooks_timeout: "1s" }));
  assert.equal(body.outcome, "hook_failed");
  assert.match(
    String(body.error),
    /hooks took longer than hooks_timeout, 1 s; post_start\[0\] \(sleep 600\) was at work/,
  );
});

test("a run's own timeout ends its hooks, and so does a cancel", async () => {
  const { body } = await run(hooked({ post_start: ["echo zzz; sleep 600"] }, { podman: { timeout: "1s" } }));
  assert.equal(body.outcome, "timed_out");
  assert.match(
    String(body.error),
    /podman\.timeout and was ended; the hook post_start\[0\] \(.*sleep 600\) was at work$/,
  );
  assert.equal(body.crash_info?.partial_output, "zzz\n");
  const { id } = await begin({ post_start: ["touch begun; sleep 600"] });
  assert.equal((await cancel(id)).status, 200);
  assert.equal((await ended(id)).outcome, "cancelled");
});

test("a hook that prints without end is ended as output_limit", async (t) => {
  const small = await startStromboli(t, { config: { claude: { binary: makeStandIn(t) }, jobs: { max_output: "2m" } } });
  const { body } = await small.run(hooked({ post_start: ["yes"] }));
  assert.equal(body.outcome, "output_limit");
  assert.match(String(body.error), /^the hook post_start\[0\] \(yes\) wrote more than jobs\.max_output/);
  assert.match(String(body.crash_info?.partial_output), /^(y\n)+/m);
  assert.ok((await small.logOf(String(body.id), "?stream=hooks")).length < 4 * 1024 ** 2);
});

/** A hook that leaves two marks and waits for a file. */
const hold = (begun: string, go: string) =>
  `echo ${begun} >>order; touch ${begun}; until [ -e ${go} ]; do sleep 0.1; done`;

test("hooks go on without the daemon that gets SIGTERM and the next that gets SIGKILL, and no hook runs twice", async () => {
  const lifecycle = {
    on_create_command: [hold("begun", "go"), hold("again", "on")],
    post_create: ["echo more >>order"],
  };
  const { id, session } = await begin(lifecycle, "cat order");
  const tell = (name: string) => writeFileSync(join(workspace(session), name), "");
  await stromboli.end("SIGTERM");
  tell("go");
  await until("the second hook", () => orderIn(session) === "begun\nagain\n");
  await stromboli.start();
  await stromboli.end("SIGKILL");
  tell("on");
  await until("the last hook", () => orderIn(session) === "begun\nagain\nmore\n");
  await stromboli.start();
  const { outcome, output } = await ended(id);
  assert.deepEqual([outcome, output], ["succeeded", "begun\nagain\nmore"]);
  assert.equal((await events(id)).filter(({ event }) => event === "hook").length, 6);
});

test("on the command line hooks are flags, their output is in the logs, and a failure is told", async () => {
  const flags = ["--network", "none", "--on-create", "echo first >>order", "--post-start", "echo second >>order"];
  const { code, stdout } = await cli(["run", ...flags, 'answer "$(cat order | tr "\\n" " ")"']);
  assert.deepEqual([code, stdout], [0, "first second \n"]);
  const failed = await cli(["run", "--network", "none", "--post-start", "echo oh no; false", "answer never"]);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /the hook post_start\[0\] \(echo oh no; false\) failed with exit code 1/);
  const dry = await cli(["run", "--dry-run", "--post-create", "make", "hello"]);
  assert.match(dry.stdout, /^hook +post_create: make$/m);
});

/** A package of one module and one command, and the requirements that name it. */
const wheel = `
import sys, zipfile
folder = sys.argv[1]
with zipfile.ZipFile(folder + "/island-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("island.py", "name = 'Stromboli'\\ndef main():\\n    print('erupting')\\n")
    wheel.writestr("island-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: island\\nVersion: 1.0\\n")
    wheel.writestr("island-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("island-1.0.dist-info/entry_points.txt", "[console_scripts]\\nisland = island:main\\n")
    wheel.writestr("island-1.0.dist-info/RECORD", "")
open(folder + "/requirements.txt", "w").write("island==1.0\\n")
`;
