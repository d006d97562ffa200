import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { RunResponse } from "../../lib/schema/job.ts";
import { createCli, type CliOptions } from "./cli.ts";
import { startStromboli, volumeOwner } from "./harness.ts";
import { enforcesLimits, imageFrom, secretWith } from "./podman.ts";
import { bash } from "./requests.ts";

const { place, model, makeVolume } = await startStromboli({ after });
const { run } = createCli(place);
const skip = !(await enforcesLimits()) && "a trial container shows that this machine enforces no limits for this user";

/** What a script prints that the agent runs with these flags. */
const inside = async (script: string, flags: readonly string[], options: CliOptions = {}) => {
  const { stdout, stderr } = await run(["run", "--yolo", ...flags, "--", bash(script).prompt], options);
  return stdout.replace(/^result: /, "").trimEnd() + stderr;
};

test("-m names the model and -i the image", async (t) => {
  const image = await imageFrom(t, [], { LABEL: "e2e=1" });
  const { stdout } = await run(["run", "--json", "-m", "opus-of-tests", "-i", image, "hello"]);
  assert.equal(RunResponse.parse(JSON.parse(stdout)).image.reference, image);
  assert.equal(model.requests.at(-1)?.body?.model, "opus-of-tests");
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
  assert.equal((await run(["run", "-s", session, "remember the fox"])).code, 0);
  assert.equal((await run(["run", "-r", "recall"])).stdout, "remember the fox\n");
  const { stdout } = await run(["run", "--json", "-r", "-s", session, "--fork", "recall"]);
  const fork = RunResponse.parse(JSON.parse(stdout));
  assert.equal(fork.output, "remember the fox\nrecall");
  assert.notEqual(fork.session_id, session);
  const { stdout: again } = await run(["run", "--resume", "--session", session, "recall"]);
  assert.equal(again, "remember the fox\nrecall\n", "without the fork's turn");
});

test("--max-budget-usd ends an agent that goes on and on with 1", async () => {
  const prompt = "usage in=1000000 out=1000000\nforever use Bash: true";
  const { code, stderr } = await run(["run", "--yolo", "--max-budget-usd", "0.5", prompt]);
  assert.equal(code, 1);
  assert.match(stderr, /✖ budget in /);
});

const touch = bash("touch made && echo made || true").prompt;
for (const [title, flags, pattern] of [
  ["without a permission a tool that writes is refused", [], /^result: (?!made)/],
  [
    "--allowed-tools permits what it names",
    ["--allowed-tools", "Bash(touch *)", "--allowed-tools", "Bash(echo *)"],
    /^result: made/,
  ],
] as const) {
  test(title, async () => assert.match((await run(["run", ...flags, "--", touch])).stdout, pattern));
}

test("--permission-mode acceptEdits permits edits in the workdir", async () => {
  const write = `use Write: ${JSON.stringify({ file_path: "/workspace/made", content: "x" })}`;
  const [refused, done] = [await run(["run", write]), await run(["run", "--permission-mode", "acceptEdits", write])];
  assert.doesNotMatch(refused.stdout, /created successfully/);
  assert.match(done.stdout, /created successfully/);
});
