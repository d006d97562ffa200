import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { JobId } from "../schema/job.ts";
import type { ExpiredJob, RetentionStore } from "../store/retention.ts";
import { inPortions, lastChange } from "./folders.ts";
import type { Kind } from "./kind.ts";
import { bytesBelow } from "./measure.ts";

export const jobKind = (store: RetentionStore, folder: string): Kind<ExpiredJob> => {
  /** Folders without a row. They are listed before the database is asked: a job has its row before its folder. */
  const lost = async (): Promise<string[]> => {
    const names = await readdir(folder);
    return inPortions(names.filter(isJobId), store.lostJobs);
  };

  return {
    path: folder,
    /** A folder that has lost its row counts as a job that ended when it was changed last. */
    async expired(rule, signal) {
      const expired = [];
      for (const id of await lost()) {
        signal.throwIfAborted();
        const path = join(folder, id);
        if ((await lastChange(path)) < rule.before) expired.push({ id, bytes: await bytesBelow(path, signal) });
      }
      return [...expired, ...store.expiredJobs(rule)];
    },
    removeRow: ({ id }) => store.removeJob(id),
    isLost: (id) => store.lostJobs([id]).length > 0,
    removeFolder: (name) => rm(join(folder, name), { recursive: true, force: true }),
  };
};

const isJobId = (name: string): boolean => JobId.safeParse(name).success;
