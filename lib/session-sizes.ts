import { join } from "node:path";
import { bytesBelow } from "./retention/measure.ts";
import type { JobStore } from "./store/jobs.ts";
import type { Session } from "./store/sessions.ts";

type Deps = { folder: string; jobs: Pick<JobStore, "uses"> };
type Used = Pick<Session, "id" | "lastUsedAt">;

const longestOfOneMs = 2000;
const longestOfAllMs = 5000;
const mostRemembered = 10_000;

/** What sessions take on the disk. Between two runs nothing changes that, so each is looked through once after a run. */
export const createSessionSizes = ({ folder, jobs }: Deps) => {
  const known = new Map<string, { lastUsedAt: number; bytes: number | null }>();

  const measure = async ({ id, lastUsedAt }: Used, signal: AbortSignal): Promise<number | null> => {
    const tooMany = AbortSignal.timeout(longestOfOneMs);
    const bytes = await bytesBelow(join(folder, id), AbortSignal.any([signal, tooMany])).catch(() => null);
    if (jobs.uses(id) || (bytes === null && !tooMany.aborted)) return null;
    if (known.size >= mostRemembered) known.clear();
    known.set(id, { lastUsedAt, bytes });
    return bytes;
  };

  /** Null while a run uses it: its agent could lead the way astray, and make it endless. */
  const sizeOf = async (session: Used, signal: AbortSignal): Promise<number | null> => {
    if (jobs.uses(session.id)) return null;
    const last = known.get(session.id);
    if (last?.lastUsedAt === session.lastUsedAt) return last.bytes;
    return signal.aborted ? null : measure(session, signal);
  };

  return {
    /** In the order of the sessions. What cannot be told within some seconds is null, and may be known the next time. */
    async of(sessions: readonly Used[], hungUp: AbortSignal): Promise<(number | null)[]> {
      const signal = AbortSignal.any([hungUp, AbortSignal.timeout(longestOfAllMs)]);
      const sizes: (number | null)[] = [];
      for (const session of sessions) sizes.push(await sizeOf(session, signal)); // one by one: each asks the disk for much at once
      return sizes;
    },
  };
};
