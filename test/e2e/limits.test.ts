import { readFileSync } from "node:fs";
import { join } from "node:path";
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { enforcesLimits } from "./podman.ts";
import { bash } from "./requests.ts";

const skip = (await enforcesLimits())
  ? false
  : "a trial container shows that this machine enforces no limits for this user";
const stromboli = await startStromboli({ after }, { config: { defaults: { pids: 123 } } });
const { run } = stromboli;

/** The content of the files that are there: cgroup v2's or v1's. */
const show = (what: string, ...files: string[]) =>
  `echo "${what} $(cat ${files.map((file) => `/sys/fs/cgroup/${file}`).join(" ")} 2>/dev/null | tr '\\n' ' ')"`;
const script = [
  show("memory", "memory.max", "memory/memory.limit_in_bytes"),
  show("swap", "memory.swap.max", "memory/memory.memsw.limit_in_bytes"),
  show("cpu", "cpu.max", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"),
  show("weight", "cpu.weight", "cpu/cpu.shares"),
  show("pids", "pids.max", "pids/pids.max"),
].join("\n");
const limitsOf = async (podman: object) => (await run(bash(script, { podman }))).body.output ?? "";

test("the limits of a request are the limits of its cgroup: memory, swap, CPU time, CPU weight", { skip }, async () => {
  const limits = await limitsOf({ memory: "300m", cpus: "0.5", cpu_shares: 512 });
  assert.match(limits, /memory 314572800 $/m);
  assert.match(limits, /swap (0|314572800) $/m);
  assert.match(limits, /cpu 50000 100000 $/m);
  assert.match(limits, /weight (512|20|59) $/m); // as v1 has it, and as runtimes turn it into v2's scale
});

test("what a request does not say is limited by the configuration", { skip }, async () => {
  const limits = await limitsOf({});
  assert.match(limits, /memory 536870912 $/m);
  assert.match(limits, /cpu 100000 100000 $/m);
  assert.match(limits, /pids 123$/m);
});

test("an agent that takes too much memory dies as oom_killed", { skip }, async () => {
  const hog = "echo 1000 > /proc/$CLAUDE_PID/oom_score_adj; python3 -c \"x = b'x' * 2**30\"";
  const { status, body } = await run(bash(hog, { podman: { memory: "300m" } }));
  assert.deepEqual([status, body.status, body.outcome, body.exit_code], [200, "crashed", "oom_killed", 137]);
  assert.deepEqual([body.crash_info?.exit_code, body.crash_info?.signal], [137, "SIGKILL"]);
  assert.match(body.crash_info?.reason ?? "", /memory/);
});

test("a tool that takes too much memory dies alone, and the agent goes on", { skip }, async () => {
  const hog =
    "bash -c 'echo 1000 > /proc/self/oom_score_adj; exec python3 -c \"x = bytes([1]) * 2**30\"'; echo then $?";
  const { body } = await run(bash(hog, { podman: { memory: "400m" } }));
  assert.equal(body.outcome, "succeeded");
  assert.match(body.output ?? "", /then 137/);
});

test("a session whose agent ran out of memory can be resumed", { skip }, async () => {
  const hog = "echo 1000 > /proc/$CLAUDE_PID/oom_score_adj; python3 -c \"x = b'x' * 2**30\"";
  const { body: dead } = await run(bash(hog, { podman: { memory: "300m" } }));
  const { body } = await run({ prompt: "hello", claude: { session_id: String(dead.session_id), resume: true } });
  assert.equal(body.output, "echo: hello");
});

test("a fork bomb stops at the limit of processes", { skip }, async () => {
  const bomb = `python3 -c '
import os, signal, sys
children = []
try:
    while len(children) < 1000:
        child = os.fork()
        if child == 0: signal.pause()
        children.append(child)
except OSError as error:
    open("stopped", "w").write(f"by {error.errno}, below the limit: {len(children) < 123}")
for child in children: os.kill(child, signal.SIGKILL)
'`;
  const { body } = await run(bash(bomb)); // it may take the CLI along, which needs threads of its own
  const file = join(stromboli.workspace(body.session_id ?? ""), "stopped");
  assert.equal(readFileSync(file, "utf8"), "by 11, below the limit: True");
});
