import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { execa } from "execa";
import { startStromboli, type Owner, type StromboliOptions } from "./harness.ts";
import { rootful } from "./podman.ts";

const mount = (path: string, megabytes: number) =>
  execa("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "none", path]);
const unmount = (path: string) => execa("umount", ["--lazy", path]); // an agent's container may still hold it

/** Why no file system can be mounted here; false when it can. */
export const noMounts = async (): Promise<string | false> => {
  if (!rootful) return "only root can mount a file system";
  const path = mkdtempSync("/tmp/stromboli-e2e-mount-");
  try {
    await mount(path, 1);
    await unmount(path);
    return false;
  } catch {
    return "a trial shows that no file system can be mounted here";
  } finally {
    rmdirSync(path);
  }
};

/** A daemon whose state folder is a file system of its own, which can be full or read-only. */
export const startOnSmallDisk = async (
  t: Owner,
  { megabytes, ...options }: StromboliOptions & { megabytes: number },
) => {
  const leave = new AsyncDisposableStack();
  const after = (clean: () => Promise<void>): void =>
    t.after(async () => {
      try {
        await leave.disposeAsync();
      } finally {
        await clean();
      }
    });
  const stromboli = await startStromboli({ after }, options);
  const { state } = stromboli.place;
  await stromboli.end("SIGTERM");
  await mount(state, megabytes);
  leave.defer(async () => void (await unmount(state)));
  leave.defer(async () => void (await stromboli.end("SIGTERM")));
  await stromboli.start();
  const filler = join(state, "filler");
  return {
    ...stromboli,
    /** Leaves not a byte, nor one in the database's journal. */
    fill: () => {
      const db = new Database(join(state, "stromboli.db"));
      db.pragma("wal_checkpoint(TRUNCATE)");
      const file = openSync(filler, "w");
      try {
        for (;;) writeSync(file, block);
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      } finally {
        closeSync(file);
        db.close();
      }
    },
    free: () => rmSync(filler),
    /** For a daemon that is not there: nobody may write meanwhile. */
    setReadOnly: (readOnly: boolean) => execa("mount", ["-o", `remount,${readOnly ? "ro" : "rw"}`, state]),
  };
};

const block = Buffer.alloc(4096);
