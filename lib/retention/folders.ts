import { randomUUID } from "node:crypto";
import { renameSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";

const aside = /^\.gone-[0-9a-f-]{36}$/;

/** Whether a folder was moved out of the way, to be removed, and is still there. */
export const isAside = (name: string): boolean => aside.test(name);

/**
 * Moves a folder out of the way and ends its row in one tick, so that no request finds the one without the other, or
 * takes the id and gets what is left of the files. The folder's new name; undefined when its row has to stay.
 */
export const takeAway = (parent: string, name: string, endRow: () => boolean): string | undefined => {
  const away = `.gone-${randomUUID()}`;
  const moved = move(join(parent, name), join(parent, away));
  let ended = false;
  try {
    ended = endRow();
  } finally {
    if (moved && !ended) renameSync(join(parent, away), join(parent, name));
  }
  return ended ? away : undefined;
};

/** False when there is no such folder. */
const move = (from: string, to: string): boolean => {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
};

const atOnce = 1000;

/** Asks in portions, so that others get their turn. */
export const inPortions = async (
  names: readonly string[],
  ask: (some: readonly string[]) => string[],
): Promise<string[]> => {
  const answers: string[] = [];
  for (let start = 0; start < names.length; start += atOnce) {
    answers.push(...ask(names.slice(start, start + atOnce)));
    await nextTurn();
  }
  return answers;
};

/** When a folder, or one of some folders in it, was changed last; never when it is no folder. */
export const lastChange = async (path: string, folders: readonly string[] = []): Promise<number> => {
  const stat = await lstat(path).catch(() => undefined);
  if (!stat?.isDirectory()) return Infinity;
  const inner = await Promise.all(folders.map((folder) => lstat(join(path, folder)).catch(() => stat)));
  return Math.max(stat.ctimeMs, ...inner.map(({ ctimeMs }) => ctimeMs)); // ctime: no copy or agent can set it back
};
