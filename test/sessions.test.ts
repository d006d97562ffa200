import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createSessions, type Choice } from "../lib/sessions.ts";
import { openStores, tempFolder, writeFiles } from "./harness.ts";

const user = `${process.getuid?.()}:${process.getgid?.()}`;
const fresh = (id: string): Choice => ({ id, isNew: true, keep: true, from: undefined });

const openSessions = (t: TestContext) => {
  const folder = tempFolder(t);
  return { folder, sessions: createSessions({ folder, store: openStores(t).sessions }) };
};

const [one, two] = [randomUUID(), randomUUID()];

test("a new session gets a HOME and a workdir that nobody else can look into", async (t) => {
  const { sessions, folder } = openSessions(t);
  const { home, workspace, handOver } = await sessions.prepare(fresh(one), user);
  const modes = [join(folder, one), home, workspace].map((path) => statSync(path).mode & 0o777);
  assert.deepEqual([modes, handOver], [[0o700, 0o700, 0o700], false]);
});

test("a session's files stay as they are", async (t) => {
  const { sessions } = openSessions(t);
  const { workspace } = await sessions.prepare(fresh(one), user);
  writeFiles(workspace, { notes: "kept" });
  await sessions.prepare({ ...fresh(one), isNew: false }, user);
  assert.equal(readFileSync(join(workspace, "notes"), "utf8"), "kept");
});

const isRoot = process.getuid?.() === 0;

test(
  "new folders belong to the container's user at once",
  { skip: !isRoot && "only root can give files away" },
  async (t) => {
    const { home, workspace, handOver } = await openSessions(t).sessions.prepare(fresh(one), "4321:4322");
    const ids = [home, workspace].map((path) => [statSync(path).uid, statSync(path).gid]);
    assert.deepEqual([ids, handOver], [[[4321, 4322], [4321, 4322]], false]); // prettier-ignore
  },
);

test(
  "old files of another user have to be handed over",
  { skip: !isRoot && "only root can give files away" },
  async (t) => {
    const { sessions } = openSessions(t);
    await sessions.prepare(fresh(one), "4321:4321");
    const { handOver } = await sessions.prepare({ ...fresh(one), isNew: false }, "5432:5432");
    assert.equal(handOver, true);
  },
);

/** A session with files, forked. */
const fork = async (t: TestContext, fill: (home: string, workspace: string) => void | Promise<void>) => {
  const { sessions } = openSessions(t);
  const old = await sessions.prepare(fresh(one), user);
  await fill(old.home, old.workspace);
  const choice = { ...fresh(two), from: one };
  return { sessions, old, choice, made: await sessions.prepare(choice, user) };
};

test("a fork has copies of the old session's files", async (t) => {
  const { old, made } = await fork(t, (home, workspace) => {
    writeFiles(home, { ".claude/settings.json": "{}" });
    writeFiles(workspace, { "src/a": "old" });
  });
  writeFiles(made.workspace, { "src/a": "new" });
  assert.deepEqual(
    [
      readFileSync(join(made.home, ".claude/settings.json"), "utf8"),
      readFileSync(join(old.workspace, "src/a"), "utf8"),
    ],
    ["{}", "old"],
  );
});

test("a fork that was half made when its daemon died is made anew", async (t) => {
  const { sessions, old, choice, made } = await fork(t, (_, workspace) => writeFiles(workspace, { a: "1", b: "2" }));
  rmSync(join(made.workspace, "a"));
  writeFiles(made.workspace, { "of an agent": "that never was" });
  await sessions.prepare(choice, user);
  assert.deepEqual(readdirSync(made.workspace), readdirSync(old.workspace));
});

test("a fork of a session that never got files has empty ones", async (t) => {
  const { sessions } = openSessions(t);
  const { home, workspace } = await sessions.prepare({ ...fresh(two), from: one }, user);
  assert.deepEqual([readdirSync(home), readdirSync(workspace)], [[], []]);
});

test("links are copied as links: what an agent points at on the host stays there", async (t) => {
  const { made } = await fork(t, (home, workspace) => {
    symlinkSync("/etc/passwd", join(workspace, "file"));
    symlinkSync("/etc", join(home, "folder"));
    symlinkSync("a/relative/one", join(workspace, "dangling"));
  });
  const links = [join(made.workspace, "file"), join(made.home, "folder"), join(made.workspace, "dangling")];
  assert.deepEqual(
    links.map((path) => lstatSync(path).isSymbolicLink() && readlinkSync(path)),
    ["/etc/passwd", "/etc", "a/relative/one"],
  );
});

test("a fork leaves out what is no file, such as the socket of a helper program", async (t) => {
  const { made } = await fork(t, async (home, workspace) => {
    const server = createServer().listen(join(home, "agent.sock"));
    t.after(() => server.close());
    await once(server, "listening");
    writeFiles(workspace, { a: "file" });
  });
  assert.equal(readFileSync(join(made.workspace, "a"), "utf8"), "file");
});

const transcript = (id: string) => ({ [`.claude/projects/-workspace/${id}.jsonl`]: "{}\n" });

test("a session with a transcript is resumed", async (t) => {
  const { sessions } = openSessions(t);
  const { home } = await sessions.prepare(fresh(one), user);
  writeFiles(home, transcript(one));
  assert.deepEqual(sessions.conversation({ ...fresh(one), isNew: false }), { kind: "resume", id: one });
});

test("a session whose first run never got to a transcript is begun again", async (t) => {
  const { sessions } = openSessions(t);
  await sessions.prepare(fresh(one), user);
  assert.deepEqual(sessions.conversation({ ...fresh(one), isNew: false }), { kind: "new", id: one });
});

test("a fork goes on from the old session's transcript", async (t) => {
  const { sessions, choice } = await fork(t, (home) => writeFiles(home, transcript(one)));
  assert.deepEqual(sessions.conversation(choice), { kind: "fork", id: two, from: one });
});

test("a fork of a session without a transcript is a new conversation", async (t) => {
  const { sessions, choice } = await fork(t, () => {});
  assert.deepEqual(sessions.conversation(choice), { kind: "new", id: two });
});

test("an agent that put a file where transcripts belong has a new conversation", async (t) => {
  const { sessions } = openSessions(t);
  const { home } = await sessions.prepare(fresh(one), user);
  writeFiles(home, { ".claude/projects": "no folder" });
  assert.deepEqual(sessions.conversation({ ...fresh(one), isNew: false }), { kind: "new", id: one });
});

test("removing a session's files leaves the others, and does not follow links", async (t) => {
  const { sessions, folder } = openSessions(t);
  const [{ workspace }] = [await sessions.prepare(fresh(one), user), await sessions.prepare(fresh(two), user)];
  mkdirSync(join(folder, "outside"));
  writeFiles(folder, { "outside/file": "stays" });
  symlinkSync(join(folder, "outside"), join(workspace, "link"));
  await sessions.removeFiles(one);
  await sessions.removeFiles(one);
  const exists = [one, two, "outside/file"].map((name) => statSync(join(folder, name), { throwIfNoEntry: false }));
  assert.deepEqual(exists.map(Boolean), [false, true, true]);
});
