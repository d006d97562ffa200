import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { createCli } from "./cli.ts";
import type { CommandLine, CommandResult } from "./run-each.ts";
import { startStromboli } from "./harness.ts";
import { enforcesLimits } from "./podman.ts";
import { bash } from "./requests.ts";

const { place, url } = await startStromboli({ after });
const { run, runEach } = createCli(place);
const skip = !(await enforcesLimits()) && "a trial container shows that this machine enforces no limits for this user";

/** A command line with what has to come of it. */
type Fact = CommandLine & { title: string; check: (result: CommandResult) => void };
const named = (args: readonly string[]) => ["stromboli", ...args].join(" ");
const at = (host: string, ...args: readonly string[]) => ({ args, env: { STROMBOLI_HOST: host } });

const missing = randomUUID();
const refusals = [
  ["a session that is not there", ["-r", "-s", missing, "hello"], 1, new RegExp(`no session ${missing}`)],
  ["an image that is not there", ["-i", "localhost/missing", "hello"], 1, /no image localhost\/missing.*build it/],
  ["a volume against the policy", ["-v", "/etc:/data:ro", "hello"], 77, /policy\.volumes/],
] as const;
const mistakes = [
  [["run", "--bad", "x"], /unknown option '--bad'/],
  [["run", "--modle", "x"], /did you mean --model\?/i],
  [["rnu", "x"], /unknown command 'rnu'\n\(Did you mean run\?\)/],
  [["daemon", "strat"], /unknown command 'strat'\n\(Did you mean start\?\)/],
  [["daemon", "--set", "log.level=info", "strat"], /no command "daemon strat", only start, stop, status and logs/],
  [["daemon", "start", "--bad"], /unknown option '--bad'/],
  [["status", "now"], /too many arguments/],
  [[], /Usage: stromboli/],
  [["run", "--max-turns", "many", "x"], /--max-turns many: that is not a number/],
  [["run", "--max-turns", "0", "x"], /max_turns/],
  [["run", "--max-budget-usd", "", "x"], /--max-budget-usd/],
  [["run", "-e", "NOT_HERE", "x"], /--env NOT_HERE: .*write NOT_HERE=value/],
  [["run", "-e", "=x", "x"], /--env =x/],
  [["run", "-e", "ANTHROPIC_API_KEY=x", "x"], /ANTHROPIC_API_KEY/],
  [["run", "--secret", "TOKEN", "x"], /--secret TOKEN/],
  [["run", "--secret", `TOKEN=missing-${missing}`, "x"], /no secret missing.*stromboli secrets create NAME/],
  [["run", "--memory", "512", "x"], /podman\.memory: .*512m/],
  [["run", "--cpus", "many", "x"], /podman\.cpus: /],
  [["run", "--timeout", "5", "x"], /podman\.timeout: .*90s/],
  [["run", "--network", "host", "x"], /none, full/],
  [["run", "--permission-mode", "nope", "x"], /acceptEdits/],
  [["run", "-s", "name", "x"], /session_id: .*UUID/],
  [["run", "--fork", "x"], /fork_session/],
  [["run", "-v", ":/x", "x"], /--volume :\/x/],
  [["run", "-w", "there", "x"], /workdir: .*absolute/],
  [["run", "--priority", "101", "x"], /priority: /],
  [["run", "--label", "x", "x"], /--label x: write it as NAME=value/],
  [["run", "--label", "a b=c", "x"], /labels/],
  [["run", "--webhook", "example.com", "x"], /webhook_url: .*http/],
  [["run", "--idempotency-key", "a b", "x"], /--idempotency-key a b: .*ASCII/],
  [["run", "--webhook", "http://127.0.0.1/", "x"], /webhook/],
  [["attach"], /missing required argument 'job'/],
  [["ps", "--status", "lost"], /pending, running, completed/],
  [["ps", "--limit", "x"], /--limit x: that is not a number/],
  [["ps", "--all", "--limit", "0"], /limit: /],
  [["logs", "--after", "x", "job-0"], /--after x: that is not the number of an event/],
  [["prune", "--jobs-older-than", "5"], /jobs_older_than: .*30m/],
] as const;
const commands = [
  ["run"],
  ["attach"],
  ["ps"],
  ["logs"],
  ["wait"],
  ["cancel"],
  ["inspect"],
  ["prune"],
  ["webhooks"],
  ["webhooks", "ls"],
  ["webhooks", "redeliver"],
  ["daemon"],
  ["daemon", "start"],
  ["daemon", "stop"],
  ["daemon", "status"],
  ["status"],
  ["login"],
  ["setup"],
  ["version"],
  [],
];
const right = [`unix://${place.socket}`, url()];
const wrong = ["nonsense", "/run/api.sock", "localhost:8080", "tcp://localhost:1"];
const absent = ["unix:///nowhere/api.sock", "http://127.0.0.1:1", "https://nowhere.invalid", "unix:///etc/passwd"];
const asks = [["run", "hello"], ["status"], ["ps"], ["cancel", "job-0123456789abcdef"]];

const facts: Fact[] = [
  ...refusals.map(([what, args, wanted, pattern]) => ({
    title: `${what} ends with ${wanted}`,
    args: ["run", ...args],
    check: ({ code, stderr }: CommandResult) => {
      assert.equal(code, wanted);
      assert.match(stderr, pattern);
    },
  })),
  ...mistakes.map(([args, pattern]) => ({
    title: `${named(args)} is a mistake of usage and ends with 2`,
    args,
    check: ({ code, stdout, stderr }: CommandResult) => {
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, pattern);
      assert.doesNotMatch(stderr, /^ +at /m);
    },
  })),
  ...commands.map((args) => ({
    title: `${named(args)} --help has an example and fits 80 columns`,
    args: [...args, "--help"],
    check: ({ code, stdout, stderr }: CommandResult) => {
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /Examples?:\n {2}stromboli /);
      assert.deepEqual(
        stdout.split("\n").filter((line) => line.length > 80),
        [],
      );
    },
  })),
  ...right.map((host) => ({
    title: `STROMBOLI_HOST may be ${host.replace(/:.*/, "://")}`,
    ...at(host, "status"),
    check: ({ code, stdout }: CommandResult) =>
      assert.deepEqual([code, stdout.includes(": ok\n✔ podman\n")], [0, true]),
  })),
  ...wrong.map((host) => ({
    title: `STROMBOLI_HOST=${host} is refused with what it may be`,
    ...at(host, "run", "hello"),
    check: ({ code, stderr }: CommandResult) => {
      const complaint = `stromboli: STROMBOLI_HOST is not unix:///path or http(s)://host:port but ${host}\n`;
      assert.deepEqual([code, stderr], [2, complaint]);
    },
  })),
  ...absent.flatMap((host) =>
    asks.map((args) => ({
      title: `${args[0]} with a daemon named by ${host} that is not there ends with 69, and none is started`,
      ...at(host, ...args),
      check: ({ code, stderr }: CommandResult) =>
        assert.deepEqual([code, stderr], [69, `stromboli: no daemon answers at STROMBOLI_HOST=${host}\n`]),
    })),
  ),
];
const results = runEach(facts);
for (const [index, { title, check }] of facts.entries()) {
  test(title, async () => check((await results)[index] ?? assert.fail("it did not run")));
}

test("an agent that takes too much memory ends with 137", { skip }, async () => {
  const hog = "echo 1000 > /proc/$CLAUDE_PID/oom_score_adj; python3 -c \"x = b'x' * 2**30\"";
  const { code, stderr } = await run(["run", "--yolo", "--memory", "300m", "--", bash(hog).prompt]);
  assert.equal(code, 137);
  assert.match(stderr, /memory[^\n]*\n✖ oom_killed in /);
});
