import assert from "node:assert/strict";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import { openRetention } from "./harness.ts";

const hourMs = 3_600_000;

/** Retention whose removal of sessions' files waits until it is let go. */
const openSlow = (t: TestContext) => {
  const begun = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const opened = openRetention(t, {
    instead: ({ sessions }) => ({
      sessions: {
        removeFiles: async (name) => {
          begun.resolve();
          await released.promise;
          await sessions.removeFiles(name);
        },
      },
    }),
  });
  t.after(() => released.resolve());
  return { ...opened, begun: begun.promise, release: () => released.resolve() };
};

test("a second prune waits for the first, and finds what that left", async (t) => {
  const { retention, session, begun, release } = openSlow(t);
  const id = session(2);
  const ended: string[] = [];
  const first = retention.prune({ sessions_older_than: "1d" }).finally(() => ended.push("first"));
  await begun;
  const second = retention.prune({ sessions_older_than: "1d" }).finally(() => ended.push("second"));
  await nextTurn();
  assert.deepEqual(ended, []);
  release();
  assert.deepEqual([(await first).sessions, (await second).sessions, ended], [[id], [], ["first", "second"]]);
});

test("a prune that fails holds up no other", async (t) => {
  let broken = true;
  const { retention, job } = openRetention(t, {
    instead: ({ store }) => ({
      store: {
        ...store,
        expiredJobs: (rule) => {
          if (broken) throw new Error("disk full");
          return store.expiredJobs(rule);
        },
      },
    }),
  });
  const id = job(2);
  const first = retention.prune({ jobs_older_than: "1d" });
  const second = retention.prune({ jobs_older_than: "1d" });
  await assert.rejects(
    first.finally(() => (broken = false)),
    /disk full/,
  );
  assert.deepEqual((await second).jobs, [id]);
});

test("its end waits for the item in hand, keeps the rest, and tells who asked", async (t) => {
  const { retention, session, begun, release, left } = openSlow(t);
  const [younger] = [session(2), session(3)];
  const asked = assert.rejects(retention.prune({ sessions_older_than: "1d" }), { code: "shutting_down" });
  await begun;
  const waiting = assert.rejects(retention.prune({}), { code: "shutting_down" });
  const ended = retention[Symbol.asyncDispose]();
  release();
  await Promise.all([ended, asked, waiting]);
  assert.deepEqual([left().sessions, left().sessionFolders], [[younger], [younger]]);
});

test("what was removed is one line in the log, also when the daemon stops half-way", async (t) => {
  const { retention, session, job, lines, begun, release } = openSlow(t);
  [session(2), session(3)].forEach(() => job(2, 100));
  const asked = retention.prune({ jobs_older_than: "1d", sessions_older_than: "1d" }).catch(() => {});
  await begun;
  const ended = retention[Symbol.asyncDispose]();
  release();
  await Promise.all([asked, ended]);
  const { time: _, bytes, ...line } = JSON.parse(lines[0] ?? "{}") as Record<string, unknown>; // pino writes objects
  assert.deepEqual([lines.length, line], [1, { level: "info", jobs: 2, sessions: 1, msg: "pruned" }]);
  assert.ok(Number(bytes) > 200);
});

test("a prune that removes nothing, and a dry run, say nothing", async (t) => {
  const { retention, job, lines } = openRetention(t);
  job(2);
  await retention.prune({});
  await retention.prune({ jobs_older_than: "1d", dry_run: true });
  assert.deepEqual(lines, []);
});

test("others get their turn between the items", async (t) => {
  const { retention, job } = openRetention(t);
  Array.from({ length: 50 }, () => job(2));
  const turns: number[] = [];
  const over = new AbortController();
  const pruned = retention.prune({ jobs_older_than: "1d" }).finally(() => over.abort());
  while (!over.signal.aborted) turns.push(await nextTurn(1));
  assert.ok((await pruned).jobs.length === 50 && turns.length >= 50, `${turns.length} turns`);
});

test("idempotency keys are forgotten after a day, except in a dry run", async (t) => {
  const { retention, clock, addJob, addKey, column } = openRetention(t);
  const job = addJob();
  addKey("old", job, clock.now - 24 * hourMs);
  addKey("new", job, clock.now - 24 * hourMs + 1);
  await retention.prune({ dry_run: true });
  const untouched = column("idempotency_keys", "key");
  await retention.prune({});
  assert.deepEqual([untouched, column("idempotency_keys", "key")], [["old", "new"], ["new"]]);
});

test("a sweep prunes by the configuration", async (t) => {
  const { retention, job, session, left } = openRetention(t, { jobs: { keep_days: 1 }, sessions: { keep_days: 1 } });
  job(2);
  session(2);
  const [jobs, sessions] = [[job(0.5)], [session(0.5)]];
  await retention.sweep();
  assert.deepEqual([left().jobs, left().sessions], [jobs, sessions]);
});

test("a sweep that fails is told in the log", async (t) => {
  const { retention, lines } = openRetention(t, {
    instead: ({ jobsFolder }) => ({ jobsFolder: join(jobsFolder, "nowhere") }),
  });
  await retention.sweep();
  assert.ok(lines.some((line) => line.includes("ENOENT") && line.includes('"level":"error"')));
});

test("it sweeps a minute after the start, and then every hour, until a rest is cut short", async (t) => {
  const spans: number[] = [];
  const swept: boolean[] = [];
  const ended = Promise.withResolvers<void>();
  const { retention, job, left } = openRetention(t, {
    jobs: { keep_days: 1 },
    instead: () => ({
      rest: (ms) => {
        swept.push(left().jobs.length === 0);
        job(2);
        if (spans.push(ms) === 3) ended.resolve();
        return Promise.resolve(spans.length < 3);
      },
    }),
  });
  retention.start();
  await ended.promise;
  await retention[Symbol.asyncDispose]();
  assert.deepEqual([spans, swept, left().jobs.length], [[60_000, hourMs, hourMs], [true, true, true], 1]);
});

test("its end cuts a rest short", async (t) => {
  const { retention, lines } = openRetention(t);
  retention.start();
  await retention[Symbol.asyncDispose]();
  assert.deepEqual(lines, []);
});
