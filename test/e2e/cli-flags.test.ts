import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { RunResponse } from "../../lib/schema/job.ts";
import { createCli, type CliOptions } from "./cli.ts";
import { startStromboli, volumeOwner } from "./harness.ts";
import { defaultImage, enforcesLimits, podman, secretWith } from "./podman.ts";
import { bash } from "./requests.ts";
import { makeStandIn, scripted } from "./stand-in.ts";

const { place, makeVolume } = await startStromboli(
  { after },
  { config: { claude: { binary: makeStandIn({ after }) } } },
);
const { run } = createCli(place);
/** Where the real CLI has to do what it is told. */
const { model, workspace, place: realPlace } = await startStromboli({ after });
const real = createCli(realPlace);
const skip = !(await enforcesLimits()) && "a trial container shows that this machine enforces no limits for this user";

/** What a script prints that the agent runs with these flags. */
const inside = async (script: string, flags: readonly string[], options: CliOptions = {}) => {
  const { stdout, stderr } = await run(["run", ...flags, "--", scripted(script).prompt], options);
  return stdout.trimEnd() + stderr;
};

test("-m names the model and -i the image, --allowed-tools permits what it names, and --permission-mode acceptEdits edits in the workdir", async (t) => {
  const image = "localhost/stromboli-e2e-flags:1";
  await podman("tag", defaultImage, image);
  t.after(() => podman("rmi", image));
  const flags = [
    "-m",
    "opus-of-tests",
    "-i",
    image,
    "--allowed-tools",
    "Bash(touch *)",
    "--allowed-tools",
    "Bash(echo *)",
  ];
  const write = `use Write: ${JSON.stringify({ file_path: "/workspace/written", content: "x" })}`;
  const prompt = `${write}\n${bash("touch made && echo made || true").prompt}`;
  const { stdout } = await real.run(["run", "--json", ...flags, "--permission-mode", "acceptEdits", "--", prompt]);
  const { image: used, session_id } = RunResponse.parse(JSON.parse(stdout));
  assert.equal(used.reference, image);
  assert.equal(model.requests.at(-1)?.body?.model, "opus-of-tests");
  for (const name of ["written", "made"]) assert.ok(existsSync(join(workspace(session_id), name)), name);
});

test("-v . is the current folder at /workspace, and what is written there is the caller's", async () => {
  const cwd = makeVolume();
  writeFileSync(join(cwd, "in"), "from outside");
  assert.equal(
    await inside("pwd; cat /workspace/in; echo made > out", ["-v", "."], { cwd }),
    "/workspace\nfrom outside",
  );
  assert.equal(readFileSync(join(cwd, "out"), "utf8"), "made\n");
  assert.equal(statSync(join(cwd, "out")).uid, volumeOwner);
});

test("-v takes a relative folder, a place for it and :ro, and may be given again", async () => {
  const cwd = makeVolume();
  mkdirSync(join(cwd, "docs"));
  writeFileSync(join(cwd, "docs/a"), "a");
  const flags = ["-v", "docs:/docs:ro", "--volume", `${makeVolume()}:/other:ro`];
  const said = await inside("cat /docs/a; ls -d /other; touch /docs/b 2>&1 || true", flags, { cwd });
  assert.match(said, /^a\/other\n.*Read-only file system$/);
  assert.equal(existsSync(join(cwd, "docs/b")), false);
});

test("-w is the working directory, -e a value or the caller's variable, --secret a secret's value, --network none no network", async (t) => {
  const name = await secretWith(t, "s3cret");
  const flags = ["-w", "/srv/there", "-e", "GIVEN=a=b c", "--env", "PASSED", "--secret", `TOKEN=${name}`];
  const script = 'pwd; printf "%s|%s|%s|%s\\n" "$GIVEN" "$PASSED" "${NOT-none}" "$TOKEN"; ls /sys/class/net';
  const said = await inside(script, [...flags, "--network", "none"], { env: { PASSED: "on", NOT: "x" } });
  assert.equal(said, "/srv/there\na=b c|on|none|s3cret\nlo");
});

test("--memory and --cpus are the container's limits", { skip }, async () => {
  const files = ["memory.max", "memory/memory.limit_in_bytes", "cpu.max", "cpu/cpu.cfs_quota_us"];
  const script = `cat ${files.map((file) => `/sys/fs/cgroup/${file}`).join(" ")} 2>/dev/null || true`;
  assert.match(await inside(script, ["--memory", "300m", "--cpus", "0.5"]), /^314572800\n50000\b/);
});

test("-s names a session, -r alone continues the newest, --fork goes on under a new id, and -r -s in the old one", async () => {
  const session = randomUUID();
  const recall = 'answer "$(cat ~/words)"';
  assert.equal((await run(["run", "-s", session, "echo the fox > ~/words; answer done"])).code, 0);
  assert.equal((await run(["run", "-r", recall])).stdout, "the fox\n");
  const { stdout } = await run(["run", "--json", "-r", "-s", session, "--fork", `${recall}; echo no more > ~/words`]);
  const fork = RunResponse.parse(JSON.parse(stdout));
  assert.equal(fork.output, "the fox");
  assert.notEqual(fork.session_id, session);
  const { stdout: again } = await run(["run", "--resume", "--session", session, recall]);
  assert.equal(again, "the fox\n", "without the fork's turn");
});

test("what is for the agent's CLI is an option there", async () => {
  const flags = ["--allowed-tools", "Bash(a *)", "--allowed-tools", "Edit", "--permission-mode", "plan"];
  const { stdout } = await run(["run", ...flags, "--max-budget-usd", "0.5", scripted('printf "%s\\n" "$@"').prompt]);
  const options = stdout.split("\n").filter((option) => /tools|permission|budget/i.test(option));
  assert.deepEqual(options.toSorted(), [
    "--allowedTools=Bash(a *),Edit",
    "--max-budget-usd=0.5",
    "--permission-mode=plan",
  ]);
});
