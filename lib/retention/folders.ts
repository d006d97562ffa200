import { randomUUID } from "node:crypto";
import { renameSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";

const gone = /^\.gone-[0-9a-f-]{36}$/;

/** Whether a folder is to be removed: its row has ended. */
export const isGone = (name: string): boolean => gone.test(name);

const leaving = /^\.leaving-((?:job|run)-[0-9a-f]{16}|[0-9a-f-]{36})$/;
const leavingName = (id: string): string => `.leaving-${id}`;

/** Whose folder it is, when a daemon died while it moved it out of the way. */
export const leavingId = (name: string): string | undefined => leaving.exec(name)?.[1];

/**
 * Moves a folder out of the way and ends its row in one tick, so that no request finds the one without the other, or
 * takes the id and gets what is left of the files. Until the row has ended its name tells whose it is, so that what a
 * daemon leaves that dies in between can be put back. The folder's last name; undefined when its row has to stay.
 */
export const takeAway = (parent: string, id: string, endRow: () => boolean): string | undefined => {
  const moved = move(join(parent, id), join(parent, leavingName(id)));
  let ended = false;
  try {
    ended = endRow();
  } finally {
    if (moved && !ended) putBack(parent, id);
  }
  return ended ? condemn(parent, id) : undefined;
};

/** Gives a folder on its way out its old name again. */
export const putBack = (parent: string, id: string): void =>
  renameSync(join(parent, leavingName(id)), join(parent, id));

/** Takes from a folder on its way out the way back. */
export const condemn = (parent: string, id: string): string => {
  const name = `.gone-${randomUUID()}`;
  move(join(parent, leavingName(id)), join(parent, name));
  return name;
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
