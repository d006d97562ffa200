import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { z } from "zod";
import { createRetention, type RetentionDeps } from "../../lib/retention/retention.ts";
import type { Config } from "../../lib/schema/config.ts";
import { createSessions } from "../../lib/sessions.ts";
import { configOf, memoryLog, tempFolder, writeFiles } from "../harness.ts";
import { openRows } from "./rows.ts";

type Rows = ReturnType<typeof openRows>;
type Options = Pick<z.input<typeof Config>, "jobs" | "sessions"> & {
  /** What is to differ from the real thing, made of it. */
  instead?: (deps: RetentionDeps, rows: Rows) => Partial<RetentionDeps>;
};

export const dayMs = 86_400_000;
export const mebibyte = 1_048_576;

/** Retention on real rows and real folders, with a clock of the test's own; it keeps for ever what it is not told. */
export const openRetention = (t: TestContext, { jobs, sessions, instead = () => ({}) }: Options = {}) => {
  const rows = openRows(t);
  const state = tempFolder(t);
  const folders = { jobs: join(state, "jobs"), sessions: join(state, "sessions") };
  Object.values(folders).forEach((folder) => mkdirSync(folder));
  const { log, lines } = memoryLog();
  const clock = { now: Date.now() };
  const deps: RetentionDeps = {
    config: configOf({ jobs: { keep_days: 0, keep_size: "off", ...jobs }, sessions }),
    store: rows.store,
    sessions: createSessions({ folder: folders.sessions, store: rows.sessions }),
    jobsFolder: folders.jobs,
    sessionsFolder: folders.sessions,
    log,
    now: () => clock.now,
  };
  const retention = createRetention({ ...deps, ...instead(deps, rows) });
  t.after(() => retention[Symbol.asyncDispose]());
  const ago = (days: number) => clock.now - days * dayMs;

  return {
    ...rows,
    retention,
    state,
    folders,
    clock,
    lines,
    /** A job that ended so many days ago, with its folder. */
    job: (daysAgo: number, bytes = 0): string => {
      const id = rows.addJob({ endedAt: ago(daysAgo), bytes });
      writeFiles(join(folders.jobs, id), { "output.jsonl": "{}\n" });
      return id;
    },
    /** A session that was used last so many days ago, with its folder. */
    session: (daysAgo: number, bytes = 1): string => {
      const id = rows.addSession(ago(daysAgo));
      writeFiles(join(folders.sessions, id), { "home/.claude.json": "{}", "workspace/file": "x".repeat(bytes) });
      return id;
    },
    /** What there is, in the database and on the disk. */
    left: () => ({
      jobs: rows.column("jobs", "id"),
      sessions: rows.column("sessions", "id").toSorted(),
      jobFolders: readdirSync(folders.jobs),
      sessionFolders: readdirSync(folders.sessions).toSorted(),
    }),
  };
};
