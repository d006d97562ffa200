import { lstatSync } from "node:fs";
import { userInfo } from "node:os";
import Database from "better-sqlite3";
import { messageOf } from "../errors.ts";
import { knownMigrations } from "../store/database.ts";
import type { DatabaseFacts } from "./files.ts";

const mostProblems = 20;

/**
 * Reads the whole database, beside a daemon too, and writes nothing into it. SQLite's own files beside it are whoever's
 * reads: a user's database is not for root to read, whose files would be in the way of the user's daemon.
 */
export const lookAtDatabase = (path: string): DatabaseFacts => {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return { path, found: false };
  if (stat.uid !== userInfo().uid) throw new Error(`${path} belongs to somebody else, who alone should look into it`);
  const known = knownMigrations();
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true });
    using _ = { [Symbol.dispose]: () => void db.close() };
    const rows = db.pragma(`integrity_check(${mostProblems})`) as { integrity_check: string }[]; // what SQLite documents
    const problems = rows.map(({ integrity_check: said }) => said).filter((said) => said !== "ok");
    const migration = Number(db.pragma("user_version", { simple: true }));
    return { path, found: true, problems, migration, known };
  } catch (error) {
    return { path, found: true, problems: [messageOf(error)], migration: 0, known };
  }
};
