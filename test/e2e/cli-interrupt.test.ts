import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { createCli, quoted } from "./cli.ts";
import { startStromboli } from "./harness.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after }, { config: { claude: { binary: makeStandIn({ after }) } } });
const cli = createCli(stromboli.place);

/** A run whose agent waits, in its container, for what the test does to it. */
const prepare = () => {
  const session = randomUUID();
  const args = ["run", "-s", session, "echo mine > ~/file; hold"];
  return {
    job: (state: "running" | "ended") => stromboli.job(session, state),
    signal: (name: NodeJS.Signals) => process.kill(stromboli.pid() ?? 0, name),
    run: () => cli.start(args),
    terminal: () => cli.terminal(`exec stromboli ${quoted(...args)}`),
    again: () => cli.run(["run", "-r", "-s", session, 'answer "$(cat ~/file)"']),
    attach: (id: string) => cli.run(["attach", id]),
    cancel: (id: string) => cli.run(["cancel", id]),
    /** When the agent is at work; a command that ends before says why. */
    begun: (done: Promise<unknown>) =>
      Promise.race([
        until("the agent", () => existsSync(join(stromboli.workspace(session), "begun"))),
        done.then((ended) => Promise.reject(new Error(`it ended: ${JSON.stringify(ended)}`))),
      ]),
    gone: () => until("the container to go", async () => (await stromboli.containers()).length === 0),
  };
};

test("an interrupt ends the command with 130, the run, and its container, and the session can be resumed", async () => {
  const { run, begun, gone, job, again } = prepare();
  const { kill, done } = run();
  await begun(done);
  kill("SIGINT");
  assert.deepEqual(await done, { code: 130, stdout: "", stderr: "stromboli: interrupted; the run is cancelled\n" });
  await gone();
  assert.equal((await job("ended")).outcome, "cancelled");
  assert.equal((await again()).stdout, "mine\n");
});

test("Ctrl-C on a terminal does the same, and leaves the terminal as it was", async () => {
  const { terminal, begun, gone } = prepare();
  const { type, done } = terminal();
  await begun(done);
  type("\u0003");
  const { code, screen, written } = await done;
  assert.deepEqual([code, screen.at(-1)], [130, "stromboli: interrupted; the run is cancelled"]);
  assert.ok(written.lastIndexOf("\u001b[?25h") > written.lastIndexOf("\u001b[?25l"), "the cursor shows");
  await gone();
});

test("a terminal that is closed cancels the run as well", async () => {
  const { terminal, begun, gone, job } = prepare();
  const { close, done } = terminal();
  await begun(done);
  close();
  await gone();
  assert.equal((await job("ended")).outcome, "cancelled");
});

test("a second Ctrl-C does not wait for the run to end, and says how to end it", async () => {
  const { run, begun, job, signal, gone } = prepare();
  const { kill, done } = run();
  await begun(done);
  const { id } = await job("running");
  signal("SIGSTOP");
  const again = setInterval(() => kill("SIGINT"), 400);
  const { code, stderr } = await done.finally(() => clearInterval(again));
  signal("SIGCONT");
  const hint = `the run may go on, cancel it with: stromboli cancel ${id}`;
  assert.deepEqual([code, stderr], [130, `stromboli: interrupted; ${hint}\n`]);
  await gone();
});

test("a command that is killed without a word leaves its run, and it can be attached to", async () => {
  const { run, begun, job, cancel, attach, gone } = prepare();
  const { kill, done } = run();
  await begun(done);
  kill("SIGKILL");
  await done;
  const { id } = await job("running");
  const attached = attach(id);
  assert.equal((await cancel(id)).stdout, `${id}\n`);
  assert.equal((await attached).code, 130);
  await gone();
});
