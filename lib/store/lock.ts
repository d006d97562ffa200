import Database from "better-sqlite3";
import { StromboliError } from "../errors.ts";

/**
 * Takes the state folder for this process until it is closed. The lock is SQLite's own on a file of its own, so the
 * kernel releases it however the process ends, and nothing stale is ever left to clean up.
 */
export const takeLock = (path: string, owner: string): { close: () => void } => {
  const db = new Database(path, { timeout: 0 });
  try {
    db.pragma("journal_mode = DELETE");
    db.exec("begin exclusive");
    return db;
  } catch (cause) {
    db.close();
    if (!(cause instanceof Database.SqliteError) || cause.code !== "SQLITE_BUSY") throw cause;
    throw new StromboliError(
      "daemon_running",
      `another daemon uses the state folder ${owner}; stop it with: stromboli daemon stop`,
      { cause },
    );
  }
};
