export type Tasks = ReturnType<typeof createTasks>;

/** Work that goes on by itself and still has an owner: whoever closes up can wait for all of it. */
export const createTasks = () => {
  const running = new Set<Promise<unknown>>();
  return {
    /** Keeps track of work; its failure stays its own caller's affair. */
    keep<Value>(work: Promise<Value>): Promise<Value> {
      const kept = work.catch(() => {}).finally(() => running.delete(kept));
      running.add(kept);
      return work;
    },
    /** Until nothing is left, including what started meanwhile. */
    async done(): Promise<void> {
      while (running.size > 0) await Promise.all(running);
    },
  };
};
