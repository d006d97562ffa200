import { ownerFor, sees, type Caller } from "./auth/caller.ts";
import { messageOf, StromboliError } from "./errors.ts";
import type { JobStacks } from "./jobs/stacks.ts";
import type { Log } from "./log.ts";
import { takeAway } from "./retention/folders.ts";
import type { MessagePage, SessionDetail, SessionList, SessionMessage } from "./schema/session.ts";
import { createSessionSizes } from "./session-sizes.ts";
import { sessionNotFound, type Sessions } from "./sessions.ts";
import type { JobStore } from "./store/jobs.ts";
import type { Session, SessionStore } from "./store/sessions.ts";
import { readMessage, readPage, type Transcript } from "./transcript/read.ts";

type Deps = {
  sessionsFolder: string;
  sessionStore: SessionStore;
  sessions: Pick<Sessions, "homeOf" | "removeFiles">;
  jobs: Pick<JobStore, "uses">;
  stacks: Pick<JobStacks, "sweep">;
  log: Log;
};
export type Conversations = ReturnType<typeof createConversations>;
/** `signal`: aborts when nobody waits for the answer any more. */
type Asked = { id: string; signal: AbortSignal };
type Part = { offset?: number | undefined; limit?: number | undefined };

const usualLimit = 50;
const largestLimit = 200;

/** Sessions as callers see them: what is somebody else's is not there. All throw `session_not_found`. */
export const createConversations = ({ sessionsFolder, sessionStore, sessions, jobs, stacks, log }: Deps) => {
  const sizes = createSessionSizes({ folder: sessionsFolder, jobs });
  const find = (caller: Caller, id: string): Session => {
    const session = sessionStore.find(id);
    if (!session || !sees(caller, session.owner)) throw sessionNotFound(id);
    return session;
  };
  const transcriptOf = (caller: Caller, { id, signal }: Asked): Transcript => ({
    home: sessions.homeOf(find(caller, id).id),
    id,
    signal,
  });

  return {
    /** Those whose ids begin so, used last first. */
    async list(caller: Caller, beginning: string, signal: AbortSignal): Promise<SessionList> {
      const found = sessionStore.list(ownerFor(caller), beginning);
      const bytes = await sizes.of(found, signal);
      return {
        sessions: found.map(({ id }) => id),
        details: found.map((session, index) => detailOf(session, bytes[index] ?? null)),
      };
    },

    /**
     * Ends the row and takes the files away in one tick, so that no run can begin on what is left; throws
     * `session_in_use`. Files that cannot be removed are left to the next sweep.
     */
    async remove(caller: Caller, id: string): Promise<void> {
      find(caller, id);
      if (jobs.uses(id)) throw new StromboliError("session_in_use", `a run is using session ${id}`);
      const away = takeAway(sessionsFolder, id, () => sessionStore.remove(id));
      stacks.sweep();
      if (away === undefined) return;
      await sessions.removeFiles(away).catch((error: unknown) => {
        log.warn(
          { folder: away, error: messageOf(error) },
          "files of a removed session stay; the next sweep tries again",
        );
      });
    },

    /** Some of what was said, oldest first; of a session without a transcript nothing. */
    messages: (caller: Caller, asked: Asked, { offset = 0, limit = usualLimit }: Part): Promise<MessagePage> =>
      readPage(transcriptOf(caller, asked), { offset, limit: Math.min(limit, largestLimit) }),

    /** Throws `message_not_found`. */
    async message(caller: Caller, asked: Asked, uuid: string): Promise<SessionMessage> {
      const message = await readMessage(transcriptOf(caller, asked), uuid);
      if (!message) throw new StromboliError("message_not_found", `there is no message ${uuid} in session ${asked.id}`);
      return message;
    },
  };
};

const detailOf = (session: Session, bytes: number | null): SessionDetail => ({
  id: session.id,
  title: session.title,
  created_at: new Date(session.createdAt).toISOString(),
  last_used_at: new Date(session.lastUsedAt).toISOString(),
  runs: session.runs,
  total_cost_usd: session.totalCostUsd,
  bytes,
});
