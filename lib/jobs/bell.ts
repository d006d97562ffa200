/** Tells any number of listeners that there is something new. What it was they find out themselves, at their own pace. */
export type Bell = ReturnType<typeof createBell>;

export const createBell = () => {
  const waiting = new Set<() => void>();
  let rung = 0;
  return {
    ring(): void {
      rung += 1;
      for (const wake of waiting) wake();
    },
    /** How often it has rung; to be read before looking, so that nothing is missed in between. */
    count: () => rung,
    /** Until it has rung since `count` was read, or the signal aborts. */
    async since(count: number, signal: AbortSignal): Promise<void> {
      if (rung !== count || signal.aborted) return;
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener("abort", wake);
      });
    },
  };
};
