import { readdir } from "node:fs/promises";
import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Rule } from "../store/retention.ts";
import { condemn, isGone, leavingId, putBack, takeAway } from "./folders.ts";

export type Expired = { id: string; bytes: number };

/** Jobs, or sessions: rows with a folder each. */
export type Kind<Item extends Expired> = {
  path: string;
  /** What a rule does not keep, oldest first. */
  expired: (rule: Rule, signal: AbortSignal) => Promise<Item[]>;
  /** Removes the row; false when it is not there, or has to stay. */
  removeRow: (item: Item) => boolean;
  /** Whether there is nothing that a folder of this id could belong to. */
  isLost: (id: string) => boolean;
  removeFolder: (name: string) => Promise<void>;
};

type Options = { rule: Rule; dryRun: boolean; signal: AbortSignal; log: Log };

/** Removes what a rule does not keep, and yields it as it goes; in a dry run only that. */
export async function* clear<Item extends Expired>(
  kind: Kind<Item>,
  { rule, dryRun, signal, log }: Options,
): AsyncGenerator<Item> {
  if (!dryRun) await removeLeftovers(kind, { signal, log });
  for (const item of await kind.expired(rule, signal)) {
    signal.throwIfAborted();
    if (dryRun || (await remove(kind, item, log))) yield item;
  }
}

/** Puts back what a daemon that died had taken away before it ended the row, which would be without its files. */
export const recover = async <Item extends Expired>(kind: Kind<Item>, log: Log): Promise<void> => {
  for (const id of (await readdir(kind.path)).flatMap((name) => leavingId(name) ?? [])) {
    try {
      if (kind.isLost(id)) condemn(kind.path, id);
      else putBack(kind.path, id);
    } catch (error) {
      log.error({ id, error: messageOf(error) }, "the files cannot be put back; the next start tries again");
    }
  }
};

/** What was taken away by a daemon that ended before it was removed, or that could not be removed. */
const removeLeftovers = async <Item extends Expired>(
  kind: Kind<Item>,
  { signal, log }: Pick<Options, "signal" | "log">,
): Promise<void> => {
  for (const name of (await readdir(kind.path)).filter(isGone)) {
    signal.throwIfAborted();
    await removeFolder(kind, name, log);
  }
};

const remove = async <Item extends Expired>(kind: Kind<Item>, item: Item, log: Log): Promise<boolean> => {
  try {
    const away = takeAway(kind.path, item.id, () => kind.removeRow(item) || kind.isLost(item.id));
    if (away === undefined) return false;
    await removeFolder(kind, away, log);
    return true;
  } catch (error) {
    log.warn({ id: item.id, error: messageOf(error) }, "what has expired stays; the next sweep tries again");
    return false;
  }
};

const removeFolder = <Item extends Expired>(kind: Kind<Item>, name: string, log: Log): Promise<void> =>
  kind.removeFolder(name).catch((error: unknown) => {
    log.warn({ folder: name, error: messageOf(error) }, "files stay; the next sweep tries again");
  });
