import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Sessions } from "../sessions.ts";
import type { IdleSession, RetentionStore, Rule } from "../store/retention.ts";
import { inPortions, lastChange } from "./folders.ts";
import type { Kind } from "./kind.ts";
import { bytesBelow } from "./measure.ts";

type Deps = { store: RetentionStore; folder: string; sessions: Pick<Sessions, "removeFiles"> };
type Measured = IdleSession & { bytes: number };

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const sessionKind = ({ store, folder, sessions }: Deps): Kind<Measured> => {
  const isLost = (id: string): boolean => store.lostSessions([id]).length > 0;

  /** Folders without a row. They are listed before the database is asked: a run has its rows before its folders. */
  const lost = async (): Promise<IdleSession[]> => {
    const names = await readdir(folder);
    const ids = await inPortions(
      names.filter((name) => uuid.test(name)),
      store.lostSessions,
    );
    return Array.fromAsync(ids, async (id) => ({
      id,
      lastUsedAt: await lastChange(join(folder, id), ["home", "workspace"]), // every run that begins chmods both
    }));
  };

  /** Sessions in use are not counted: they cannot go, and their agents could lead the way astray. */
  const measure = async (idle: readonly IdleSession[], signal: AbortSignal): Promise<Measured[]> => {
    const measured: Measured[] = [];
    for (const session of idle) {
      signal.throwIfAborted();
      const bytes = await bytesBelow(join(folder, session.id), signal);
      if (store.isIdle(session) || isLost(session.id)) measured.push({ ...session, bytes });
    }
    return measured;
  };

  return {
    path: folder,
    /** A folder that has lost its row counts as a session that was used last when it was changed last. */
    async expired(rule, signal) {
      const before = rule.limit === Infinity ? rule.before : Infinity; // a limit needs the size of all
      const idle = [...(await lost()), ...store.idleSessions(before)]
        .filter(({ lastUsedAt }) => lastUsedAt < before)
        .toSorted((one, other) => one.lastUsedAt - other.lastUsedAt);
      return expiredOf(await measure(idle, signal), rule);
    },
    removeRow: store.removeSession,
    isLost,
    removeFolder: sessions.removeFiles,
  };
};

/** Of sessions, oldest first, those that a rule does not keep. The store does the same for jobs. */
export const expiredOf = (sessions: readonly Measured[], { before, limit }: Rule): Measured[] => {
  let kept = 0;
  return sessions
    .toReversed()
    .filter(({ lastUsedAt, bytes }) => {
      if (bytes <= limit) kept += bytes; // one that is larger than the limit itself must not drive out all others
      return lastUsedAt < before || bytes > limit || kept > limit;
    })
    .toReversed();
};
