import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { execa } from "execa";
import { runEach } from "../e2e/run-each.ts";
import { tempFolder } from "../harness.ts";
import { answering, jobId, json, type Answers } from "./harness.ts";

const bin = join(import.meta.dirname, "../../bin");
const launcher = join(bin, "stromboli");
const session = "3f2a0000-0000-4000-8000-000000000001";

const image = "docker.io/library/python:3.12";

const answers: Answers = {
  "GET /jobs": ({ path }, response) => {
    const waiting = { id: "run-00000000000000ff", title: "waits" };
    json(response, {
      jobs: path.includes("running") ? [] : [{ id: jobId, title: "Fix\tthe \u001b[31mtest" }, waiting],
    });
  },
  "GET /sessions": (_, response) =>
    json(response, { sessions: [session], details: [{ id: session, title: "A talk" }] }),
  "GET /secrets": (_, response) => json(response, { secrets: [{ name: "github" }] }),
  "GET /images": (_, response) =>
    json(response, {
      images: [
        { repository: "docker.io/library/python", tag: "3.12", rank_description: "it has glibc, bash and git" },
        { repository: "box:5000/tools", tag: "", rank_description: "" },
      ],
    }),
  "GET /tokens": (_, response) => json(response, { tokens: [{ name: "ci" }] }),
};

/** What `stromboli complete` answers before a daemon's stand-in. */
const harness = async (t: TestContext) => {
  const { socketPath } = await answering(t, answers);
  const env = { STROMBOLI_HOST: `unix://${socketPath}`, XDG_CONFIG_HOME: tempFolder(t) };
  const complete = async (...words: readonly string[]) => {
    const { stdout, exitCode, stderr } = await execa(launcher, ["complete", "--", ...words], { env, reject: false });
    assert.deepEqual([exitCode, stderr], [0, ""]);
    return stdout;
  };
  const words = async (...typed: readonly string[]) => wordsIn(await complete(...typed));
  return { env, complete, words };
};

const wordsIn = (stdout: string) => Array.from(stdout.matchAll(/^[^\t\n]+/gm), ([word]) => word);

const cases = [
  [["sess"], ["sessions"]],
  [
    ["--context", "x", "se"],
    ["sessions", "secrets", "service", "setup"],
  ],
  [["help", "sess"], ["sessions"]],
  [["context", "u"], ["use"]],
  [["ps", "--st"], ["--status"]],
  [["ps", "--con"], ["--context"]],
  [
    ["ps", "--status", "c"],
    ["completed", "crashed", "cancelled"],
  ],
  [["ps", "--status=f"], ["--status=failed"]],
  [["ps", "--status", "=", "f"], ["failed"]],
  [
    ["ps", "--status", "="],
    ["pending", "running", "completed", "failed", "crashed", "cancelled"],
  ],
  [
    ["completion", ""],
    ["bash", "zsh", "fish"],
  ],
  [
    ["logs", ""],
    [jobId, "run-00000000000000ff"],
  ],
  [["logs", "-f", "job-"], [jobId]],
  [["logs", "012"], ["0123456789abcdef"]],
  [["logs", jobId, ""], []],
  [["wait", jobId, "run"], ["run-00000000000000ff"]],
  [["ps", "--session", ""], [session]],
  [["sessions", "rm", session, "3f"], [session]],
  [["secrets", "rm", ""], ["github"]],
  [["secrets", "create", ""], []],
  [["token", "revoke", ""], ["ci"]],
  [["run", "--image", ""], [image]],
  [["run", "--image=docker"], [`--image=${image}`]],
  [["images", "inspect", ""], [image]],
  [["images", "check", "docker.io/library/python:"], [image]],
  [["images", "check", "py"], ["python:3.12"]],
  [["images", "pull", ""], []],
  [["context", "rm", ""], ["default"]],
  [["config", "validate", ""], [":files"]],
  [["run", "--volume", "/e"], [":files"]],
  [["run", "--memory", ""], []],
  [["run", "Fix the "], []],
  [["nonsense", ""], []],
] as const;

test("a word may become", async (t) => {
  const { env } = await harness(t);
  const results = await runEach(
    cases.map(([typed]) => ({ args: ["complete", "--", ...typed] })),
    { env },
  );
  for (const [index, [typed, expected]] of cases.entries())
    await t.test(`stromboli ${typed.join(" ")}<TAB>: ${expected.join(", ") || "nothing that is known"}`, () => {
      const { code, stdout, stderr } = results[index] ?? {};
      assert.deepEqual([code, stderr], [0, ""]);
      assert.deepEqual(new Set(wordsIn(stdout ?? "")), new Set(expected));
    });
});

test("nothing at all may become any command but those that nobody types", async (t) => {
  const { words } = await harness(t);
  const found = await words();
  assert.ok(found.includes("run") && !found.includes("complete"));
});

test("what a job is stands behind a tab, on one line, and cannot rule the terminal", async (t) => {
  const { complete } = await harness(t);
  assert.equal(await complete("logs", "job"), `${jobId}\tFix the [31mtest`);
});

test("cancel is offered what has not ended", async (t) => {
  const { words } = await harness(t);
  assert.deepEqual(await words("cancel", ""), [jobId, "run-00000000000000ff"]);
});

test("without a daemon there is nothing to tell, and nothing is said", async (t) => {
  const env = { STROMBOLI_HOST: `unix://${tempFolder(t)}/none` };
  const { exitCode, stdout, stderr } = await execa(launcher, ["complete", "--", "logs", ""], { env });
  assert.deepEqual([exitCode, stdout, stderr], [0, "", ""]);
});

const lacks = (shell: string) => spawnSync(shell, ["-c", ":"]).error && `there is no ${shell} here`;

test("bash completes ids of jobs, values behind = and :, and files", { skip: lacks("bash") }, async (t) => {
  const { env } = await harness(t);
  const script = `
    source <(stromboli completion bash)
    tab() { COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _stromboli stromboli 2>/dev/null; echo "\${COMPREPLY[*]}"; }
    tab stromboli logs job-0
    tab stromboli ps --status = f
    tab stromboli images check docker.io/library/python : 3
    tab stromboli run --image = docker.io/library/python :
    tab stromboli run --image docker.io/library/python:3
    tab stromboli config validate ""
    complete -p stromboli`;
  const path = { PATH: `${bin}:${process.env["PATH"]}` };
  const { stdout } = await execa("bash", ["--norc", "-c", script], { env: { ...env, ...path } });
  assert.deepEqual(stdout.split("\n"), [
    jobId,
    "failed",
    "3.12",
    "3.12",
    image,
    "",
    "complete -F _stromboli stromboli",
  ]);
});

test("zsh takes its functions", { skip: lacks("zsh") }, async () => {
  const { stdout } = await execa(launcher, ["completion", "zsh"]);
  await execa("zsh", ["-f", "-c", `autoload -Uz compinit && compinit -u -D\n${stdout}`]);
});

test("fish completes ids of jobs", { skip: lacks("fish") }, async (t) => {
  const { env } = await harness(t);
  const script = "stromboli completion fish | source; complete -C 'stromboli logs job-0'";
  const path = { PATH: `${bin}:${process.env["PATH"]}` };
  const { stdout } = await execa("fish", ["--no-config", "-c", script], { env: { ...env, ...path } });
  assert.match(stdout, new RegExp(`^${jobId}\t`));
});
