import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { execa } from "execa";
import { messageOf, parseLine } from "../../lib/transcript/message.ts";
import { fixtureLines } from "../harness.ts";
import { answering, json, type Answers } from "./harness.ts";

const launcher = join(import.meta.dirname, "../../bin/stromboli");
const id = "3f2a0000-0000-4000-8000-000000000001";
const other = "9c010000-0000-4000-8000-000000000002";

/** The real command before a stand-in of the daemon. */
const harness = async (t: TestContext, answers: Answers) => {
  const { socketPath, requests } = await answering(t, answers);
  const run = async (...args: readonly string[]) => {
    const env = { STROMBOLI_HOST: `unix://${socketPath}`, TZ: "Asia/Kolkata" };
    const { exitCode, stdout, stderr } = await execa(launcher, ["sessions", ...args], { env, reject: false });
    return { code: exitCode, stdout, stderr };
  };
  return { run, asked: () => requests.map(({ method, path }) => `${method} ${path}`) };
};

const detail = {
  id,
  title: "Fix the failing test",
  created_at: "2026-01-01T00:00:00.000Z",
  last_used_at: new Date(Date.now() - 3 * 86_400_000).toISOString(),
  runs: 2,
  total_cost_usd: 0.01234,
  bytes: 2_400_000,
};
const busy = { ...detail, id: other, bytes: null, runs: 0, total_cost_usd: 0, title: "\u001b[31mred" };
const listing = (...details: (typeof detail | typeof busy)[]): Answers => ({
  "GET /sessions": (_, response) => json(response, { sessions: details.map((one) => one.id), details }),
});
const recorded = fixtureLines("transcript").flatMap((line) => {
  const found = parseLine(line);
  return found ? [messageOf(found, id)] : [];
});
/** Answers two messages at a time, whatever the limit. */
const telling = (messages: readonly object[]): Answers => ({
  [`GET /sessions/${id}/messages`]: ({ path }, response) => {
    const offset = Number(/offset=(\d+)/.exec(path)?.[1]);
    const part = messages.slice(offset, offset + 2);
    const has_more = offset + part.length < messages.length;
    json(response, { messages: part, total: messages.length, offset, limit: 200, has_more });
  },
});
const removing: Answers = {
  [`DELETE /sessions/${id}`]: (_, response) => json(response, { success: true, session_id: id }),
  [`DELETE /sessions/${other}`]: (_, response) =>
    json(response, { error: `a run is using session ${other}`, code: "session_in_use", request_id: "r" }, 409),
};
const block = (more: object, type = "assistant") => ({
  ...recorded[0],
  type,
  content: { role: type, content: [more] },
});

test("sessions lists them in a table, whose words cannot rule the terminal", async (t) => {
  const { run } = await harness(t, listing(detail, busy));
  const { code, stdout } = await run();
  const [head, ...rows] = stdout.split("\n");
  assert.equal(code, 0);
  assert.match(head ?? "", /^ID +USED +RUNS +COST +SIZE +TITLE$/);
  assert.match(rows[0] ?? "", /^3f2a\S+ +3 d +2 +\$0\.0123 +2 MB +Fix the failing test$/);
  assert.match(rows[1] ?? "", /^9c01\S+ +3 d +0 +\$0\.00 +- +\[31mred$/);
});

test("sessions ls --json prints what is known of them", async (t) => {
  const { run } = await harness(t, listing(detail));
  assert.deepEqual(JSON.parse((await run("ls", "--json")).stdout), [detail]);
});

test("sessions show tells who said what when by the local clock, with tools and what they came to", async (t) => {
  const { run, asked } = await harness(t, { ...listing(detail), ...telling(recorded) });
  const { code, stdout } = await run("show", "3f2a");
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `Fix the failing test
${id} · 2 runs · $0.0123 · used 3 d ago

you 2026-11-23 16:44
use Bash: echo hi

agent 2026-11-23 16:44
  ▸ Bash
      command: echo hi
      description: run it
    hi

result: hi`,
  );
  assert.deepEqual(asked(), [
    "GET /sessions?id=3f2a",
    `GET /sessions/${id}/messages?offset=0&limit=200`,
    `GET /sessions/${id}/messages?offset=2&limit=200`,
  ]);
});

test("sessions show shortens long results and lines", async (t) => {
  const content = `${"x".repeat(300)}\n${"line\n".repeat(40)}`;
  const { run } = await harness(t, {
    ...listing(detail),
    ...telling([block({ type: "tool_result", content, is_error: true })]),
  });
  const lines = (await run("show", id)).stdout.split("\n").slice(4); // behind the head and the name
  assert.match(lines[0] ?? "", /^ {4}failed: x{87}…$/);
  assert.deepEqual([lines.length, lines.at(-1)], [9, "    … 33 more lines"]);
});

test("no word of a session rules the terminal", async (t) => {
  const evil = "\u001b]0;owned\u0007\u009b2J\r";
  const messages = [
    block({ type: "text", text: evil }),
    block({ type: "tool_use", name: evil, input: { [evil]: evil } }),
    block({ type: "tool_result", content: evil }),
    block({ type: evil }),
    { ...block({ type: "thinking", text: evil }, "user"), timestamp: evil },
  ];
  const { run } = await harness(t, { ...listing({ ...detail, title: evil }), ...telling(messages) });
  for (const args of [
    ["show", id],
    ["show", "--json", id],
    ["export", id],
  ])
    assert.doesNotMatch((await run(...args)).stdout, /[^\P{Cc}\n]/u);
});

test("sessions show --json has the session and all its messages", async (t) => {
  const { run } = await harness(t, { ...listing(detail), ...telling(recorded) });
  assert.deepEqual(JSON.parse((await run("show", id, "--json")).stdout), { ...detail, messages: recorded });
});

test("sessions export prints each message on a line", async (t) => {
  const { run } = await harness(t, telling(recorded));
  const { stdout } = await run("export", id.toUpperCase());
  assert.deepEqual(
    stdout.split("\n").map((line) => JSON.parse(line) as unknown),
    recorded,
  );
});

test("sessions rm goes on after one that stays, and fails", async (t) => {
  const { run } = await harness(t, removing);
  const { code, stdout, stderr } = await run("rm", other, id);
  assert.deepEqual([code, stdout, stderr], [1, id, `stromboli: a run is using session ${other}`]);
});

test("sessions rm --json prints the ids that are gone", async (t) => {
  const { run } = await harness(t, removing);
  assert.deepEqual(JSON.parse((await run("rm", "--json", id)).stdout), [id]);
});

for (const [text, details, message] of [
  ["3f2a", [], "there is no session 3f2a; list them with: stromboli sessions"],
  ["../x", [], "there is no session ../x; list them with: stromboli sessions"],
  ["", [], 'there is no session ""; list them with: stromboli sessions'],
  ["3", [detail, busy], "3 is the beginning of several sessions"],
] as const) {
  test(`sessions show, export and rm of ${JSON.stringify(text)}: ${message}`, async (t) => {
    const { run } = await harness(t, listing(...details));
    for (const verb of ["show", "export", "rm"]) {
      const { code, stdout, stderr } = await run(verb, text);
      assert.deepEqual([verb, code, stdout, stderr], [verb, 1, "", `stromboli: ${message}`]);
    }
  });
}
