import { createBell, type Bell } from "./bell.ts";

/** A job that has not ended, as this daemon holds it. */
export type Live = {
  /** Rings whenever there is something new to be read of it. */
  bell: Bell;
  cancel: AbortController;
  /** Settles when it has ended; fails with why it could not start, or with `shutting_down`. */
  ended: Promise<void>;
  end: () => void;
  fail: (why: unknown) => void;
};
export type LiveJobs = ReturnType<typeof createLiveJobs>;

/** All jobs that have not ended. Each is forgotten when it ends; then its row says everything. */
export const createLiveJobs = () => {
  const live = new Map<string, Live>();
  return {
    /** Holds a job; one that is held already stays as it is. */
    add(id: string): Live {
      const known = live.get(id);
      if (known) return known;
      const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
      ended.catch(() => {}); // whether anybody waits for it or not
      const bell = createBell();
      const leave = (settle: () => void) => {
        settle();
        live.delete(id);
        bell.ring();
      };
      const job = {
        bell,
        cancel: new AbortController(),
        ended,
        end: () => leave(resolve),
        fail: (why: unknown) => leave(() => reject(why)),
      };
      live.set(id, job);
      return job;
    },
    get: (id: string): Live | undefined => live.get(id),
    /** Tells all who wait that they wait in vain. The jobs go on. */
    abandon(why: (id: string) => Error): void {
      for (const [id, job] of live) job.fail(why(id));
    },
  };
};
