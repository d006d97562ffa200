import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { localCaller } from "../lib/auth/caller.ts";
import { choiceOf, createSessions } from "../lib/sessions.ts";
import { openStores, requestOf, tempFolder } from "./harness.ts";

/** Sessions some of which are known already, each used later than the one before. */
const openSessions = (t: TestContext, ...known: string[]) => {
  const { sessions: store } = openStores(t);
  for (const [at, id] of known.entries())
    store.insert({ id, owner: "local", title: "", workdir: "/workspace", createdAt: at });
  return { store, sessions: createSessions({ folder: tempFolder(t), store }) };
};

const [one, two] = [randomUUID(), randomUUID()];

test("without a name a session is new, under a UUID, and kept", (t) => {
  const { id, ...rest } = openSessions(t).sessions.choose(requestOf(), localCaller);
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(rest, { isNew: true, keep: true, from: undefined });
});

test("a name that is free names the new session", (t) => {
  assert.deepEqual(openSessions(t).sessions.choose(requestOf({ claude: { session_id: one } }), localCaller), {
    id: one,
    isNew: true,
    keep: true,
    from: undefined,
  });
});

test("a name that is taken is refused, with how to continue", (t) => {
  assert.throws(() => openSessions(t, one).sessions.choose(requestOf({ claude: { session_id: one } }), localCaller), {
    code: "session_exists",
    message: /resume: true/,
  });
});

test("resume goes on with the session of that name", (t) => {
  const choice = openSessions(t, one).sessions.choose(
    requestOf({ claude: { session_id: one, resume: true } }),
    localCaller,
  );
  assert.deepEqual(choice, { id: one, isNew: false, keep: true, from: undefined });
});

test("a session that is not there cannot be resumed", (t) => {
  assert.throws(
    () => openSessions(t, two).sessions.choose(requestOf({ claude: { session_id: one, resume: true } }), localCaller),
    {
      code: "session_not_found",
    },
  );
});

test("a fork is a new session that starts with the old one's files", (t) => {
  const request = requestOf({ claude: { session_id: one, resume: true, fork_session: true } });
  const { id, ...rest } = openSessions(t, one).sessions.choose(request, localCaller);
  assert.notEqual(id, one);
  assert.deepEqual(rest, { isNew: true, keep: true, from: one });
});

test("continue goes on with the session that was used last with this workdir", (t) => {
  const { sessions, store } = openSessions(t, one, two);
  store.insert({ id: randomUUID(), owner: "local", title: "", workdir: "/elsewhere", createdAt: 99 });
  store.used(one, 50, 0);
  assert.equal(sessions.choose(requestOf({ claude: { continue: true } }), localCaller).id, one);
});

test("continue begins a session where there is none", (t) => {
  const { isNew } = openSessions(t, one).sessions.choose(
    requestOf({ claude: { continue: true }, workdir: "/src" }),
    localCaller,
  );
  assert.equal(isNew, true);
});

test("without persistence a session is not kept", (t) => {
  assert.equal(
    openSessions(t).sessions.choose(requestOf({ claude: { no_persistence: true } }), localCaller).keep,
    false,
  );
});

const job = { sessionId: one, forkedFrom: null };

for (const [title, claude, choice] of [
  ["a new session", {}, { isNew: true, keep: true }],
  ["a session with a name", { session_id: one }, { isNew: true, keep: true }],
  ["a session that is not to be kept", { no_persistence: true }, { isNew: true, keep: false }],
  ["a session that goes on", { session_id: one, resume: true }, { isNew: false, keep: true }],
  ["the session that was used last", { continue: true }, { isNew: false, keep: true }],
] as const) {
  test(`of a job that was let in it is known that it is for ${title}`, () => {
    assert.deepEqual(choiceOf(job, requestOf({ claude })), { id: one, from: undefined, ...choice });
  });
}

test("of a job that was let in it is known which session it forks", () => {
  const request = requestOf({ claude: { session_id: two, resume: true, fork_session: true } });
  assert.deepEqual(choiceOf({ sessionId: one, forkedFrom: two }, request), {
    id: one,
    isNew: true,
    keep: true,
    from: two,
  });
});
