import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { MessageFound, MessagePage, SessionList } from "../../lib/schema/session.ts";
import { createCli } from "./cli.ts";
import { beside, createComposing } from "./composing.ts";
import { startStromboli } from "./harness.ts";
import { noRedis, redisImage } from "./redis.ts";
import { bash, held } from "./requests.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after });
const { run, send, submit, ended, place, workspace } = stromboli;
const { run: cli } = createCli(place);
const json = async (path: string, init?: RequestInit) => (await send(path, init)).json();
const list = async () => SessionList.parse(await json("/sessions"));
const page = async (id: string, query = "") => MessagePage.parse(await json(`/sessions/${id}/messages${query}`));
const remove = async (id: string) => {
  const answer = await send(`/sessions/${id}`, { method: "DELETE" });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }; // the API answers with objects
};
const folderOf = (id: string) => join(place.state, "sessions", id);

/** A session of two runs, of which the daemon that tells of it has seen neither. */
const { body: first } = await run(bash("echo one; echo $((6*7))"));
const id = String(first.session_id);
await run({ prompt: "say: bye", claude: { session_id: id, resume: true } });
await stromboli.end("SIGKILL");
await stromboli.start();

test("what was said in all runs of a session is told over HTTP by a restarted daemon", async () => {
  const { sessions, details } = await list();
  const detail = details[sessions.indexOf(id)];
  assert.equal(detail?.runs, 2);
  assert.ok(detail.total_cost_usd > 0 && (detail.bytes ?? 0) > 0);
  const { messages } = await page(id);
  const blocks = messages.flatMap(({ type, content }) => content.content.map((block) => ({ from: type, ...block })));
  assert.deepEqual(
    blocks.map(({ from, type }) => `${from} ${type}`),
    ["user text", "assistant tool_use", "user tool_result", "assistant text", "user text", "assistant text"],
  );
  assert.deepEqual([blocks[2]?.content, blocks[3]?.text, blocks[5]?.text], ["one\n42", "result: one\n42", "bye"]);
  const second = await page(id, "?offset=1&limit=1");
  assert.deepEqual([second.messages, second.has_more], [messages.slice(1, 2), true]);
  const found = MessageFound.parse(await json(`/sessions/${id}/messages/${messages[3]?.uuid}`));
  assert.deepEqual(found.message, messages[3]);
});

test("the command line lists a session, shows it and exports its messages", async () => {
  const { messages } = await page(id);
  const [listed, shown, exported] = await Promise.all([
    cli(["sessions"]),
    cli(["sessions", "show", id.slice(0, 8)]),
    cli(["sessions", "export", id]),
  ]);
  assert.match(listed.stdout, new RegExp(`^${id} `, "m"));
  assert.match(shown.stdout, /^you .*\n[^]*^agent .*\n {2}▸ Bash\n {6}command: echo one; echo \$\(\(6\*7\)\)\n/m);
  assert.match(shown.stdout, /\n {4}one\n {4}42\n\nresult: one\n42\n\nyou /);
  const lines = exported.stdout.trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    messages,
  );
});

test("a session that is removed in the terminal is gone with its files, and cannot be resumed", async () => {
  const session = String((await run({ prompt: "say: hi" })).body.session_id);
  const gone = await cli(["sessions", "rm", session.slice(0, 8)]);
  assert.deepEqual([gone.code, gone.stdout, existsSync(folderOf(session))], [0, `${session}\n`, false]);
  assert.equal((await list()).sessions.includes(session), false);
  const resumed = await run({ prompt: "recall", claude: { session_id: session, resume: true } });
  assert.deepEqual([resumed.status, resumed.body.code], [404, "session_not_found"]);
});

test("a session at work is not removed under its agent, whose messages are there while it works", async () => {
  const session = randomUUID();
  const { body } = await submit(held("echo went", { claude: { session_id: session } }));
  await until("the agent", () => existsSync(join(workspace(session), "begun")));
  const refused = await remove(session);
  assert.deepEqual([refused.status, refused.body["code"], refused.body["success"]], [409, "session_in_use", false]);
  const removed = await cli(["sessions", "rm", session]);
  assert.deepEqual([removed.code, removed.stdout], [1, ""]);
  assert.equal((await list()).details.find((one) => one.id === session)?.bytes, null);
  assert.ok((await page(session)).total >= 2);
  writeFileSync(join(workspace(session), "go"), "");
  const job = await ended(String(body.job_id));
  assert.deepEqual([job.outcome, job.output], ["succeeded", "result: went"]);
  assert.equal((await remove(session)).status, 200);
  assert.equal((await ended(job.id)).output, "result: went"); // the job stays
});

test("services that are kept for a session go with it", { skip: noRedis }, async (t) => {
  const { fileOf, left, allGone } = createComposing(stromboli);
  const path = fileOf({ db: { image: await redisImage(t) } });
  const { body } = await run({ prompt: "say: hi", ...beside(path, { keep: true }) });
  assert.notDeepEqual(await left(), []);
  assert.equal((await remove(String(body.session_id))).status, 200);
  await allGone();
});
