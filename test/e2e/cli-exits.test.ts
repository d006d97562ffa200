import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { createCli } from "./cli.ts";
import { startStromboli } from "./harness.ts";
import { enforcesLimits } from "./podman.ts";
import { bash } from "./requests.ts";

const { place, key, makeVolume, url } = await startStromboli({ after }, { config: { claude: { max_retries: 0 } } });
const { run } = createCli(place);
const skip = !(await enforcesLimits()) && "a trial container shows that this machine enforces no limits for this user";

const missing = randomUUID();
const hog = "echo 1000 > /proc/$CLAUDE_PID/oom_score_adj; python3 -c \"x = b'x' * 2**30\"";
const endings = [
  ["a prompt that is answered", ["hello"], 0, /^$/],
  ["a model API that fails", ["fail 500"], 1, /500[^\n]*\n✖ api_error in /],
  ["an unknown model", ["-m", "no-such-model", "hello"], 1, /no-such-model[^\n]*\n✖ api_error in /],
  ["an agent that fails", ["--yolo", "--max-turns", "1", "use Bash: true"], 1, /\n✖ max_turns in /],
  ["a session that is not there", ["-r", "-s", missing, "hello"], 1, new RegExp(`no session ${missing}`)],
  ["an image that is not there", ["-i", "localhost/missing", "hello"], 1, /no image localhost\/missing.*podman pull/],
  ["a volume against the policy", ["-v", "/etc:/data:ro", "hello"], 77, /policy\.volumes/],
  ["a run that takes too long", ["--timeout", "2s", "hang"], 124, /timeout[^\n]*\n✖ timed_out in /],
] as const;
for (const [title, args, code, pattern] of endings) {
  test(`${title} ends with ${code}`, async () => {
    const result = await run(["run", ...args]);
    assert.equal(result.code, code);
    assert.match(result.stderr, pattern);
  });
}

test("an agent that takes too much memory ends with 137", { skip }, async () => {
  const { code, stderr } = await run(["run", "--yolo", "--memory", "300m", "--", bash(hog).prompt]);
  assert.equal(code, 137);
  assert.match(stderr, /memory[^\n]*\n✖ oom_killed in /);
});

const mistakes = [
  [["run", "--bad", "x"], /unknown option '--bad'/],
  [["run", "--modle", "x"], /did you mean --model\?/i],
  [["rnu", "x"], /unknown command 'rnu'\n\(Did you mean run\?\)/],
  [["daemon", "strat"], /no command "daemon strat", only start, stop and status/],
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
  [["run", "--secret", `TOKEN=missing-${missing}`, "x"], /no secret missing.*podman secret create/],
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
for (const [args, pattern] of mistakes) {
  test(`${["stromboli", ...args].join(" ")} is a mistake of usage and ends with 2`, async () => {
    const { code, stdout, stderr } = await run(args);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, pattern);
    assert.doesNotMatch(stderr, /^ +at /m);
  });
}

for (const args of [
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
]) {
  test(`${["stromboli", ...args, "--help"].join(" ")} has an example and fits 80 columns`, async () => {
    const { code, stdout, stderr } = await run([...args, "--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /Examples?:\n {2}stromboli /);
    assert.deepEqual(
      stdout.split("\n").filter((line) => line.length > 80),
      [],
    );
  });
}

for (const [name, host] of [
  ["unix://", `unix://${place.socket}`],
  ["http://", url()],
] as const) {
  test(`STROMBOLI_HOST may be ${name}`, async () => {
    assert.equal((await run(["run", "hello"], { env: { STROMBOLI_HOST: host } })).stdout, "echo: hello\n");
  });
}

for (const host of ["nonsense", "/run/api.sock", "https://localhost", "localhost:8080", "tcp://localhost:1"]) {
  test(`STROMBOLI_HOST=${host} is refused with what it may be`, async () => {
    const { code, stderr } = await run(["run", "hello"], { env: { STROMBOLI_HOST: host } });
    assert.deepEqual(
      [code, stderr],
      [2, `stromboli: STROMBOLI_HOST is not unix:///path or http://host:port but ${host}\n`],
    );
  });
}

for (const host of ["unix:///nowhere/api.sock", "http://127.0.0.1:1", "http://nowhere.invalid", "unix:///etc/passwd"]) {
  test(`a daemon that is named by ${host} and not there ends with 69, and none is started`, async () => {
    for (const args of [["run", "hello"], ["status"], ["ps"], ["cancel", "job-0123456789abcdef"]]) {
      const { code, stderr } = await run(args, { env: { STROMBOLI_HOST: host } });
      assert.deepEqual([code, stderr], [69, `stromboli: no daemon answers at STROMBOLI_HOST=${host}\n`]);
    }
  });
}

test("without credentials a run ends with 78 and the three ways to give them", async (t) => {
  const other = await startStromboli(t, { env: { ANTHROPIC_API_KEY: "" } });
  const { code, stderr } = await createCli(other.place).run(["run", "hello"]);
  assert.equal(code, 78);
  assert.match(stderr, /^stromboli: .*ANTHROPIC_API_KEY.*stromboli login.*--demo[^\n]*\n$/);
});

test("no error shows the daemon's key", async () => {
  const { stdout, stderr } = await run(["run", "--json", "-v", makeVolume(), "fail 401"]);
  assert.equal((stdout + stderr).includes(key), false);
});
