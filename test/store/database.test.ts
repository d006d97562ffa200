import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import Database from "better-sqlite3";
import { openDatabase } from "../../lib/store/database.ts";
import { openStores, tempFolder, thrownBy, writeFiles } from "../harness.ts";

/** A folder of migrations, as openDatabase takes it. */
const migrationsOf = (folder: string, files: Readonly<Record<string, string>>): URL => {
  writeFiles(join(folder, "migrations"), files);
  return pathToFileURL(`${join(folder, "migrations")}/`);
};

const versionOf = (db: Database.Database) => db.pragma("user_version", { simple: true });

test("migrations run in the order of their numbers", (t) => {
  const folder = tempFolder(t);
  const migrations = migrationsOf(folder, {
    "0002_fill.sql": "insert into a values (1);",
    "0001_make.sql": "create table a (n integer) strict;",
    "0010_more.sql": "insert into a values (10);",
    "notes.txt": "this is no SQL",
  });
  const db = openDatabase(join(folder, "db"), migrations);
  t.after(() => void db.close());
  assert.deepEqual([versionOf(db), db.prepare("select n from a").pluck().all()], [3, [1, 10]]);
});

test("migrations run once", (t) => {
  const folder = tempFolder(t);
  const migrations = migrationsOf(folder, { "0001_make.sql": "create table a (n integer); insert into a values (1);" });
  openDatabase(join(folder, "db"), migrations).close();
  const db = openDatabase(join(folder, "db"), migrations);
  t.after(() => void db.close());
  assert.deepEqual(db.prepare("select n from a").pluck().all(), [1]);
});

test("a migration that fails half-way leaves nothing of itself, and all that came before", (t) => {
  const folder = tempFolder(t);
  const path = join(folder, "db");
  const migrations = migrationsOf(folder, {
    "0001_make.sql": "create table a (n integer);",
    "0002_bad.sql": "create table b (n integer); insert into nowhere values (1);",
  });
  assert.throws(() => openDatabase(path, migrations), { code: "SQLITE_ERROR", message: /nowhere/ });
  const db = new Database(path);
  t.after(() => void db.close());
  const tables = db.prepare("select name from sqlite_schema where type = 'table'").pluck().all();
  assert.deepEqual([versionOf(db), tables], [1, ["a"]]);
});

test("a database that is newer than the code is refused and left as it is", (t) => {
  const folder = tempFolder(t);
  const path = join(folder, "db");
  const migrations = migrationsOf(folder, { "0001_make.sql": "create table a (n integer);" });
  const newer = new Database(path);
  newer.pragma("user_version = 2");
  newer.close();
  assert.throws(() => openDatabase(path, migrations), { code: "config_invalid", message: /upgrade Stromboli/ });
  const db = new Database(path);
  t.after(() => void db.close());
  assert.equal(versionOf(db), 2);
});

test("a webhook from before its host was kept gets it", (t) => {
  const folder = tempFolder(t);
  const early = Object.fromEntries(
    ["0001_sessions_jobs.sql", "0002_queue_webhooks.sql"].map((name) => [
      name,
      readFileSync(new URL(`../../migrations/${name}`, import.meta.url), "utf8"),
    ]),
  );
  const old = openDatabase(join(folder, "db"), migrationsOf(folder, early));
  const insert = old.prepare(
    "insert into webhook_deliveries values (null, ?, 'job', ?, 'failed', 0, 0, 0, null, 0, 0, '')",
  );
  old.pragma("foreign_keys = OFF");
  for (const url of [
    "https://A.example:81/x?y=http://z/",
    "http://b.example?q",
    "http://c.example#f",
    "http://d.example",
  ])
    insert.run(url, url);
  old.close();
  const db = openDatabase(join(folder, "db"));
  t.after(() => void db.close());
  assert.deepEqual(db.prepare("select host from webhook_deliveries order by seq").pluck().all(), [
    "a.example:81",
    "b.example",
    "c.example",
    "d.example",
  ]);
});

test("a refused database is closed again", (t) => {
  const folder = tempFolder(t);
  const path = join(folder, "db");
  const newer = new Database(path);
  newer.pragma("user_version = 999");
  newer.close();
  thrownBy(() => openDatabase(path));
  const db = new Database(path, { timeout: 0 });
  t.after(() => void db.close());
  db.pragma("journal_mode = DELETE");
  assert.doesNotThrow(() => db.exec("begin exclusive"));
});

test("a file that is no database is an error", (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { db: "this is no database, and it is long enough to be told from an empty one\n".repeat(20) });
  assert.throws(() => openDatabase(join(folder, "db")), { code: "SQLITE_NOTADB" });
});

test("the database writes ahead, holds to foreign keys and waits for others", (t) => {
  const db = openDatabase(join(tempFolder(t), "db"));
  t.after(() => void db.close());
  assert.deepEqual(
    ["journal_mode", "foreign_keys", "busy_timeout"].map((name) => db.pragma(name, { simple: true })),
    ["wal", 1, 5000],
  );
});

test("every table of ours is strict", (t) => {
  const { db } = openStores(t);
  const loose = db.prepare(
    "select name from pragma_table_list where schema = 'main' and not strict and name not like 'sqlite_%'",
  );
  assert.deepEqual(loose.pluck().all(), []);
});
