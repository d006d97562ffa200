import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { JobResponse } from "../../lib/schema/job.ts";
import { Stats } from "../../lib/schema/stats.ts";
import { numberedLines } from "../../lib/demo/blocks.ts";
import { createCli } from "./cli.ts";
import { startStromboli } from "./harness.ts";
import { rootful, unlimited } from "./podman.ts";
import { makeStandIn, scripted } from "./stand-in.ts";
import { until } from "./wait.ts";

const { place, workspace, containers } = await startStromboli(
  { after },
  { config: { claude: { binary: makeStandIn({ after }) }, webhooks: { allow_private: true } } },
);
const { run, terminal } = createCli(place);

/** What a command prints, which has to end well. */
const printed = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await run(args);
  assert.deepEqual([code, stderr.replace(unlimited, "")], [0, ""], args.join(" "));
  return stdout;
};

const inspect = async (id: string) => JobResponse.parse(JSON.parse(await printed("inspect", id)));

/** A job whose agent works on a script; `begun` once it does. */
const detach = async (prompt: string, ...flags: readonly string[]) => {
  const session = randomUUID();
  const id = (await printed("run", "-d", "-s", session, ...flags, "--", prompt)).trimEnd();
  return {
    id,
    session,
    begun: () => until("the agent", () => existsSync(join(workspace(session), "begun"))),
    go: () => writeFileSync(join(workspace(session), "go"), ""),
  };
};

test("run -d prints the id of a job that is there for all commands while it runs and afterwards", async () => {
  const { id, session, begun, go } = await detach("hold; answer worked", "--label", "batch=7", "--priority", "-3");
  assert.match(id, /^job-[0-9a-f]{16}$/);
  await begun();
  assert.equal(await printed("ps", "-q", "--label", "batch=7"), `${id}\n`);
  assert.match(
    await printed("ps", "--session", session),
    new RegExp(`^ID .*PROMPT\n${id} +running +\\d+ s +.*hold; answer worked\n$`),
  );
  const { status, labels, priority } = await inspect(id);
  assert.deepEqual([status, labels, priority], ["running", { batch: "7" }, -3]);
  assert.equal((await printed("logs", id)).includes("worked"), false);

  const followers = Promise.all([run(["wait", id]), run(["attach", id]), run(["logs", "--follow", id])]);
  go();
  const [waited, attached, followed] = await followers;
  assert.deepEqual(waited, { code: 0, stdout: `${id} succeeded\n`, stderr: "" });
  assert.deepEqual(attached, { code: 0, stdout: "worked\n", stderr: "" });
  assert.equal(await printed("ps", "-q", "--label", "batch=7"), "");
  assert.equal(await printed("ps", "-aq", "--label", "batch=7"), `${id}\n`);
  const output = readFileSync(join(place.state, "jobs", id, "output.jsonl"), "utf8");
  assert.equal(followed.stdout, output);
  assert.equal(await printed("logs", id), output);
  assert.equal(await printed("attach", id.slice(4, 16)), "worked\n");
});

test("stats tells what the container of a job uses, in a table and as JSON", { skip: !rootful }, async () => {
  const { id, begun, go } = await detach("hold; answer done");
  await begun();
  const job = await until("a container's memory", async () => {
    const { jobs } = Stats.parse(JSON.parse(await printed("stats", "--json")));
    return jobs.find((one) => one.id === id && one.memory_bytes !== null && one.cpu_ms !== null);
  });
  assert.equal(job.memory_limit_bytes, 512 * 2 ** 20);
  assert.match(
    await printed("stats"),
    new RegExp(`^ID .*PROMPT\n(.*\n)*${id} +\\d+% +\\d+/512 MiB .*hold; answer done\n`),
  );
  go();
  await printed("wait", id);
});

test("cancel ends a job that runs, and wait and attach end as it did", async () => {
  const { id, begun } = await detach("hold");
  await begun();
  const followers = Promise.all([run(["wait", id]), run(["attach", id])]);
  assert.equal(await printed("cancel", id), `${id}\n`);
  const [waited, attached] = await followers;
  assert.deepEqual([waited.code, waited.stdout], [130, `${id} cancelled\n`]);
  assert.deepEqual([attached.code, attached.stderr.includes("✖ cancelled in ")], [130, true]);
  const { code, stderr } = await run(["cancel", id]);
  assert.deepEqual([code, stderr], [1, `stromboli: job ${id} has ended already\n`]);
  assert.deepEqual(await containers(), []);
});

test("Ctrl-C leaves a run that was attached to, and does not cancel it", async () => {
  const { id, begun, go } = await detach('hold; answer "still here"');
  await begun();
  const { type, shows, done } = terminal(`exec stromboli attach ${id}`);
  await shows("starting a container");
  type("\u0003");
  const { code, screen } = await done;
  assert.deepEqual(
    [code, screen.at(-1)],
    [130, `stromboli: left; the run goes on, come back with: stromboli attach ${id}`],
  );
  go();
  assert.equal(await printed("attach", id), "still here\n");
});

test("a run with a key that was used is the run of that key", async () => {
  const key = randomUUID();
  const first = await printed("run", "-d", "--idempotency-key", key, "answer once");
  assert.equal(await printed("run", "-d", "--idempotency-key", key, "answer once"), first);
  assert.equal(await printed("run", "--idempotency-key", key, "answer once"), "once\n");
  const { code, stderr } = await run(["run", "--idempotency-key", key, "answer twice"]);
  assert.equal(code, 1);
  assert.match(stderr, /use another key/);
});

test("an answer and lines above 1 MiB are there to the last byte", async () => {
  const lines = scripted(`seq -f '%08.0f ${".".repeat(54)}' 0 ${1500 * 16 - 1}`);
  const id = (await printed("run", "-d", lines.prompt)).trimEnd();
  const answer = await printed("attach", id);
  assert.ok(answer === numberedLines(1500), `${answer.length} characters`);
  const output = readFileSync(join(place.state, "jobs", id, "output.jsonl"), "utf8");
  assert.ok((await printed("logs", id)) === output, "logs are the output");
  const { screen } = await terminal(`stromboli attach ${id} | tail -c 20`).done;
  assert.match(screen.join("\n"), /✔ succeeded in /);
});

test("a table fits the terminal, with colours there and nowhere else", async () => {
  const title = `answer ${"日本語 and more ".repeat(20)}`;
  await printed("run", "-d", "--label", "table=1", title);
  const { screen, written } = await terminal(`stromboli ps -a --label table=1`, { columns: 80 }).done;
  assert.equal(screen.length, 2);
  assert.match(screen[1] ?? "", /^job-\w{16} {2}\w+ .*answer 日本.*…$/);
  assert.ok(written.includes("\u001b["), "colours");
  assert.equal((await printed("ps", "-a", "--label", "table=1")).includes("\u001b["), false);
});

test("a receiver is told of a run that has ended, and told again when asked", async (t) => {
  const told: string[] = [];
  const receive = async (request: IncomingMessage): Promise<void> => {
    told.push((JSON.parse(await text(request)) as { job_id: string }).job_id);
  };
  const server = createServer((request, response) => void receive(request).then(() => response.end()));
  t.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
  const id = (await printed("run", "-d", "--webhook", `http://127.0.0.1:${port}/`, "answer done")).trimEnd();
  await until("the receiver", () => told.length === 1);
  const delivered = () => printed("webhooks", "--job", id, "--status", "delivered");
  await until("the delivery", async () => (await delivered()).includes(id));
  const [delivery] = JSON.parse(await printed("webhooks", "ls", "--job", id, "--json")) as { id: string }[];
  await printed("webhooks", "redeliver", delivery?.id ?? "");
  await until("the receiver once more", () => told.length === 2);
  assert.deepEqual(told, [id, id]);
});

test("prune removes what is old enough, and says what it would", async () => {
  const id = (await printed("run", "-d", "answer old")).trimEnd();
  await printed("wait", id);
  assert.match(
    await printed("prune", "--jobs-older-than", "1ms", "--dry-run"),
    /^would remove \d+ jobs and 0 sessions, /,
  );
  const { jobs } = JSON.parse(await printed("prune", "--jobs-older-than", "1ms", "--json")) as { jobs: string[] };
  assert.ok(jobs.includes(id), jobs.join(" "));
  const { code, stderr } = await run(["inspect", id]);
  assert.deepEqual([code, stderr.startsWith("stromboli: ")], [1, true]);
});

test("a command line that names no job ends with 1 and a sentence", async () => {
  for (const command of ["attach", "logs", "wait", "cancel", "inspect"]) {
    const { code, stdout, stderr } = await run([command, "job-ffff"]);
    assert.deepEqual([code, stdout], [1, ""], command);
    assert.match(stderr, /^stromboli: there is no job job-ffff; [^\n]*\n$/);
  }
});
