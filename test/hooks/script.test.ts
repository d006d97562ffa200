import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { planHooks } from "../../lib/hooks/plan.ts";
import { hookScript } from "../../lib/hooks/script.ts";
import { hookStateOf } from "../../lib/hooks/state.ts";
import type { Lifecycle } from "../../lib/schema/run.ts";
import { tempFolder } from "../harness.ts";
import { until } from "../e2e/wait.ts";

/** A session in which runs begin, each with a shell of its own; `agent` is what they end in. */
const openSession = (t: TestContext) => {
  const folder = tempFolder(t);
  const home = join(folder, "home");
  mkdirSync(home);
  const at = (name: string) => join(folder, name);
  const prepare = (lifecycle: Lifecycle, agent: readonly string[]) => {
    const hooks = planHooks(lifecycle) ?? assert.fail("no hooks");
    writeFileSync(at("hooks.sh"), hookScript(hooks));
    for (const name of ["log", "state"]) rmSync(at(name), { force: true });
    const stdio = ["pipe", "pipe", "pipe", openSync(at("log"), "a"), openSync(at("state"), "a")] as const;
    const env = { HOME: home, PATH: process.env["PATH"] ?? "" };
    return { argv: [at("hooks.sh"), ...agent], options: { cwd: folder, env, stdio: [...stdio] } };
  };
  const read = (name: string) => readFileSync(at(name), "utf8");
  return {
    at,
    home,
    read,
    lines: () => read("log").trimEnd().split("\n"),
    state: () => hookStateOf(read("state")),
    run: (lifecycle: Lifecycle, agent: readonly string[] = ["cat"]) => {
      const { argv, options } = prepare(lifecycle, agent);
      const { status, stdout, stderr } = spawnSync("/bin/sh", argv, { ...options, input: "prompt", encoding: "utf8" });
      return { status, stdout, stderr };
    },
    start: (lifecycle: Lifecycle) => {
      const { argv, options } = prepare(lifecycle, ["cat"]);
      return spawn("/bin/sh", argv, options);
    },
  };
};

test("hooks run in their order, and the agent gets the prompt as it was", (t) => {
  const { run, read } = openSession(t);
  const lifecycle = { post_start: ["echo 3 >>order"], on_create_command: ["echo 1 >>order; cat"], post_create: ["echo 2 >>order"] }; // prettier-ignore
  assert.deepEqual(run(lifecycle), { status: 0, stdout: "prompt", stderr: "" });
  assert.equal(read("order"), "1\n2\n3\n");
});

test("what they print is told between who began and who ended", (t) => {
  const { run, lines } = openSession(t);
  run({ post_start: ["echo out; echo err >&2"] });
  const head = { type: "stromboli_hook", hook: "post_start", index: 0, command: "echo out; echo err >&2" };
  const [started, out, err, ended] = lines();
  assert.deepEqual([out, err], ["out", "err"]);
  assert.deepEqual(JSON.parse(started ?? ""), { ...head, state: "started" });
  assert.deepEqual(JSON.parse(ended ?? ""), { ...head, state: "ended", exit_code: 0 });
});

test("a hook that fails is the last, and the agent does not begin", (t) => {
  const { run, read, state } = openSession(t);
  const { status, stdout } = run({ on_create_command: ["echo 1 >>order", "exit 3", "echo 2 >>order"], post_start: ["echo 3 >>order"] }); // prettier-ignore
  assert.deepEqual([status, stdout, read("order")], [3, "", "1\n"]);
  assert.deepEqual(state(), { state: "failed", last: { name: "on_create_command", index: 1 }, exitCode: 3 });
});

test("once means once in a session, and every run means every run", (t) => {
  const { run, read, lines } = openSession(t);
  const lifecycle = { on_create_command: ["echo a >>order"], post_create: ["echo b >>order"], post_start: ["echo c >>order"] }; // prettier-ignore
  for (const _ of [1, 2]) run(lifecycle);
  assert.equal(read("order"), "a\nb\nc\nc\n");
  assert.deepEqual(JSON.parse(lines()[0] ?? ""), {
    type: "stromboli_hook",
    hook: "on_create_command",
    state: "skipped",
  });
});

test("a list that did not succeed in full runs again from its beginning", (t) => {
  const { run, at, read } = openSession(t);
  const lifecycle = { on_create_command: ["echo a >>order", "[ -e fixed ]", "echo b >>order"] };
  assert.equal(run(lifecycle).status, 1);
  writeFileSync(at("fixed"), "");
  for (const _ of [1, 2]) assert.equal(run(lifecycle).status, 0);
  assert.equal(read("order"), "a\na\nb\n");
});

test("a list that has changed runs again, and so it does when it is changed back", (t) => {
  const { run, read } = openSession(t);
  for (const word of ["a", "a", "b", "a"]) run({ on_create_command: [`echo ${word} >>order`] });
  assert.equal(read("order"), "a\nb\na\n");
});

test("a list that comes back after another had failed runs again", (t) => {
  const { run, read } = openSession(t);
  for (const commands of [["echo a >>order"], ["echo b >>order", "false"], ["echo a >>order"]])
    run({ on_create_command: commands });
  assert.equal(read("order"), "a\nb\na\n");
});

test("a command may begin with a dash, and variables of the run stay as they are", (t) => {
  const { run } = openSession(t);
  const agent = ["sh", "-c", 'echo "$code$known$notes"'];
  assert.equal(run({ post_start: ["-x 2>/dev/null || code=1", "true"] }, agent).stdout, "\n");
});

test("a signal ends a hook that is at work", async (t) => {
  const { start, at, state } = openSession(t);
  const child = start({ post_start: ["touch begun; sleep 60"] });
  await until("the hook", () => existsSync(at("begun")));
  child.kill("SIGINT");
  const [code] = (await once(child, "exit")) as [number];
  assert.equal(code, 130);
  assert.deepEqual(state(), { state: "running", last: { name: "post_start", index: 0 } });
});

test("the agent has none of the files that hooks write to", (t) => {
  const { run } = openSession(t);
  const { stdout } = run({ post_start: ["true"] }, ["sh", "-c", "for fd in 3 4; do [ -e /proc/self/fd/$fd ] && echo $fd; done; true"]); // prettier-ignore
  assert.equal(stdout, "");
});

test("whatever a command holds, it is one word", (t) => {
  const { run, read } = openSession(t);
  const command = `printf '%s|' 'a "b"' "it's" '$HOME' '\\n' '\`x\`' > words\nprintf é >> words`;
  assert.equal(run({ post_start: [command] }).status, 0);
  assert.equal(read("words"), `a "b"|it's|$HOME|\\n|\`x\`|é`);
});

test("the end of the hooks is told to the millisecond", (t) => {
  const { run, state } = openSession(t);
  const before = Date.now();
  run({ post_start: ["true"] });
  const ended = state();
  assert.ok(ended.state === "done" && ended.at !== undefined && ended.at >= before && ended.at <= Date.now());
});

test("a HOME that cannot be written to runs them again, and the agent all the same", (t) => {
  const { run, home, read } = openSession(t);
  writeFileSync(join(home, ".local"), "");
  for (const _ of [1, 2]) assert.equal(run({ on_create_command: ["echo a >>order"] }).stdout, "prompt");
  assert.equal(read("order"), "a\na\n");
});
