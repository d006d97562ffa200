import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createCli, quoted } from "./cli.ts";
import { startStromboli } from "./harness.ts";
import { makeStandIn, scripted } from "./stand-in.ts";
import { until } from "./wait.ts";

/** Prints lines all the time: some of them while nobody listens. */
const lines = Array.from({ length: 200 }, (_, index) => `line ${index}`);
const { prompt: printing } = scripted(
  "touch begun; for i in $(seq 0 199); do echo line $i; echo line $i >&3; sleep 0.02; done; until [ -e go ]; do sleep 0.05; done",
);

const harness = async (t: TestContext, binary = "") => {
  const config = { claude: { binary }, server: { shutdown_grace: "1s" } };
  const stromboli = await startStromboli(t, { config });
  const cli = createCli(stromboli.place);
  const session = randomUUID();
  const args = ["run", "-s", session, `exec 3>&1; ${printing}`];
  return {
    ...stromboli,
    begin: cli.start,
    terminal: cli.terminal,
    args,
    session,
    begun: () => until("the agent", () => existsSync(join(stromboli.workspace(session), "begun"))),
    go: () => writeFileSync(join(stromboli.workspace(session), "go"), ""),
  };
};

test("a run goes on where it was when its daemon gets SIGKILL in the middle and comes back, and then SIGTERM", async (t) => {
  const { begin, args, begun, end, start, go, session, job, place, log } = await harness(t, makeStandIn(t));
  const running = begin(args);
  await begun();
  const { id } = await job(session, "running");
  const following = begin(["logs", "-f", id]);
  const waiting = begin(["wait", id]);
  await until("all three to listen", () => log().split(`"path":"/jobs/${id}/events"`).length > 3);
  await end("SIGKILL");
  await start();
  await until("all three to be back", () => connectionsTo(place.socket) >= 3);
  await end("SIGTERM");
  await start();
  go();
  assert.deepEqual(await running.done, { code: 0, stdout: `${lines.join("\n")}\n`, stderr: "" });
  assert.equal((await waiting.done).stdout, `${id} succeeded\n`);
  const { stdout } = await following.done;
  assert.equal(stdout, readFileSync(join(place.state, "jobs", id, "output.jsonl"), "utf8"));
});

/** How many speak over a unix socket, as the kernel lists them from its listener's side. */
const connectionsTo = (socket: string): number =>
  readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .filter((line) => line.endsWith(socket) && / 03 +\d+ /.test(line)).length;

test("on a terminal the words go on where they were, and the status line says what it waits for", async (t) => {
  const { terminal, end, start } = await harness(t);
  const { shows, written, done } = terminal(
    `stromboli run --yolo ${quoted("say: before\nuse Bash: sleep 4; echo x\nsay: after")}`,
  );
  await shows("before");
  await shows("Bash sleep 4");
  await end("SIGKILL");
  await shows("waiting for the daemon to come back");
  await start();
  const { code, screen } = await done;
  assert.deepEqual([code, screen.slice(0, -1)], [0, ["before", "after"]]);
  assert.equal(written().split("before").length - 1, 1);
});
