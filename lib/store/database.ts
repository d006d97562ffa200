import { readdirSync, readFileSync } from "node:fs";
import Database from "better-sqlite3";
import { StromboliError } from "../errors.ts";

export type Db = Database.Database;

const shipped = new URL("../../migrations/", import.meta.url);

/** Opens the database and brings it up to date; throws `config_invalid` when it is newer than this build. */
export const openDatabase = (path: string, migrations: URL = shipped): Db => {
  const db = new Database(path);
  try {
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL"); // what we have said is written outlives a power cut too
    db.pragma("foreign_keys = ON");
    db.pragma("busy_timeout = 5000");
    migrate(db, migrations);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

/** How many migrations this build knows. */
export const knownMigrations = (): number => filesIn(shipped).length;

const filesIn = (migrations: URL): string[] =>
  readdirSync(migrations)
    .filter((name) => /^\d{4}_\w+\.sql$/.test(name))
    .toSorted();

/** Applies `0001_*.sql`, `0002_*.sql`, … once each; SQLite's user_version says how far we are. */
const migrate = (db: Db, migrations: URL): void => {
  const files = filesIn(migrations);
  const current = Number(db.pragma("user_version", { simple: true }));
  if (current > files.length) {
    throw new StromboliError(
      "config_invalid",
      `the database is at migration ${current} and this build knows ${files.length}: upgrade Stromboli, or point state_dir elsewhere`,
    );
  }
  for (const [index, file] of files.entries()) {
    if (index < current) continue;
    db.transaction(() => {
      db.exec(readFileSync(new URL(file, migrations), "utf8"));
      db.pragma(`user_version = ${index + 1}`);
    })();
  }
};
