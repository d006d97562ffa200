import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { MessagePage } from "../../lib/schema/session.ts";
import { until } from "../e2e/wait.ts";
import { openBelow, tempFolder, writeFiles } from "../harness.ts";
import { openSessions, said } from "./sessions.ts";

const uuids = ({ messages }: MessagePage) => messages.map(({ uuid }) => uuid);

test("a session without a transcript has no messages", async (t) => {
  const { begin, page } = openSessions(t);
  assert.deepEqual(await page(await begin()), { messages: [], total: 0, offset: 0, limit: 50, has_more: false });
});

test("messages come in pages, and a limit that is too large is cut and told", async (t) => {
  const { begin, tell, page } = openSessions(t);
  const id = await begin();
  const names = Array.from({ length: 250 }, (_, number) => `m${number}`);
  tell(id, names.map((name) => `${said(name, "hi")}\n{"type":"last-prompt"}\n`).join(""));
  const first = await page(id);
  assert.deepEqual([uuids(first), first.total, first.has_more], [names.slice(0, 50), 250, true]);
  const second = await page(id, "?offset=40&limit=1000");
  assert.deepEqual([uuids(second), second.limit, second.has_more], [names.slice(40, 240), 200, true]);
  const last = await page(id, "?offset=240");
  assert.deepEqual([uuids(last), last.offset, last.has_more], [names.slice(240), 240, false]);
  assert.deepEqual(uuids(await page(id, "?offset=1000")), []);
});

for (const query of ["?limit=0", "?limit=-1", "?limit=x", "?offset=-1", "?offset=1.5", "?page=2"]) {
  test(`messages${query} is 400`, async (t) => {
    const { begin, json } = openSessions(t);
    const { status, body } = await json(`/sessions/${await begin()}/messages${query}`);
    assert.deepEqual([status, body["code"], body["success"]], [400, "invalid_request", false]);
  });
}

test("long messages make short pages, but never empty ones", async (t) => {
  const { begin, tell, page } = openSessions(t);
  const id = await begin();
  const long = "x".repeat(3_000_000);
  tell(id, ["a", "b", "c"].map((name) => `${said(name, name === "b" ? long + long : long)}\n`).join(""));
  const [first, second, third] = [await page(id), await page(id, "?offset=1"), await page(id, "?offset=2")];
  assert.deepEqual([first, second, third].map(uuids), [["a"], ["b"], ["c"]]);
  assert.deepEqual(
    [first, second, third].map(({ has_more }) => has_more),
    [true, true, false],
  );
});

test("a message is found by its uuid", async (t) => {
  const { begin, tell, json } = openSessions(t);
  const id = await begin();
  tell(id, `${said("a", "one")}\n${said("b", "two")}\n`);
  const { status, body } = await json(`/sessions/${id}/messages/b`);
  const content = { role: "user", content: [{ type: "text", text: "two" }] };
  const message = { uuid: "b", type: "user", session_id: id, timestamp: "t", content };
  assert.deepEqual([status, body], [200, { message }]);
  const missing = await json(`/sessions/${id}/messages/c`);
  assert.deepEqual([missing.status, missing.body["code"]], [404, "message_not_found"]);
});

test("nothing stays open after a page or a message", async (t) => {
  const { begin, tell, json, page, folderOf } = openSessions(t);
  const id = await begin();
  tell(id, `${said("a", "one")}\n${said("b", "two")}\n`);
  await page(id);
  await json(`/sessions/${id}/messages/a`);
  await until("the files to be closed", () => openBelow(folderOf(id)).length === 0, 2000);
});

test("a client that hangs up ends the reading, which is no error", async (t) => {
  const { begin, tell, json, lines } = openSessions(t);
  const id = await begin();
  tell(id, `${said("a", "one")}\n`);
  const { body } = await json(`/sessions/${id}/messages`, { signal: AbortSignal.abort() });
  assert.deepEqual([body["total"], lines.filter((line) => line.includes('"error"'))], [0, []]);
});

const planted: [string, (place: { projects: string; id: string; secret: string }) => void][] = [
  [
    "a link to a file",
    ({ projects, id, secret }) => symlinkSync(join(secret, "x", `${id}.jsonl`), join(projects, "x", `${id}.jsonl`)),
  ],
  ["a link to a folder", ({ projects, secret }) => symlinkSync(join(secret, "x"), join(projects, "y"))],
  ["a pipe", ({ projects, id }) => execFileSync("sh", ["-c", `mkfifo ${id}.jsonl`], { cwd: join(projects, "x") })],
  ["a folder", ({ projects, id }) => mkdirSync(join(projects, "x", `${id}.jsonl`))],
  ["an empty file", ({ projects, id }) => writeFileSync(join(projects, "x", `${id}.jsonl`), "")],
];
for (const [what, plant] of planted) {
  test(`${what} in the place of a transcript is none`, async (t) => {
    const { begin, page, projectsOf } = openSessions(t);
    const id = await begin();
    const secret = tempFolder(t);
    writeFiles(secret, { [`x/${id}.jsonl`]: said("a", "secret") });
    mkdirSync(join(projectsOf(id), "x"), { recursive: true });
    plant({ projects: projectsOf(id), id, secret });
    assert.deepEqual((await page(id)).messages, []);
  });
}

for (const name of [".claude", ".claude/projects"]) {
  test(`a link in the place of ~/${name} leads nowhere`, async (t) => {
    const { begin, page, folderOf } = openSessions(t);
    const id = await begin();
    const secret = tempFolder(t);
    writeFiles(secret, { [`x/${id}.jsonl`]: said("a", "secret"), [`projects/x/${id}.jsonl`]: said("a", "secret") });
    mkdirSync(join(folderOf(id), "home", name, ".."), { recursive: true });
    symlinkSync(secret, join(folderOf(id), "home", name));
    assert.deepEqual((await page(id)).messages, []);
  });
}

test("lines that are broken, too long or no message are passed over", async (t) => {
  const { begin, tell, page } = openSessions(t);
  const id = await begin();
  const lines = [
    said("a", "one"),
    '{"type":"user","uuid":',
    said("long", "x".repeat(17_000_000)),
    said("", "no uuid"),
    said("b", 7),
    '"user"',
    `{"type":"system","uuid":"s","message":{"role":"user","content":"user"}}`,
    said("c", "two", { parentUuid: null, cwd: 7 }),
    '{"type":"assistant","uuid":"half',
  ];
  tell(id, lines.join("\n"));
  assert.deepEqual(uuids(await page(id)), ["a", "c"]);
});

test("what a tool is given can be nested too deeply to be told, and the message is there without it", async (t) => {
  const { begin, tell, page } = openSessions(t);
  const id = await begin();
  const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
  tell(id, said("a", [{ type: "tool_use", name: "Bash", input: "DEEP" }]).replace('"DEEP"', deep));
  assert.deepEqual((await page(id)).messages[0]?.content.content, [{ type: "tool_use", name: "Bash" }]);
});
