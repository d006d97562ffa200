import { setTimeout as pause } from "node:timers/promises";

export type WatchdogOptions = {
  /** Bytes that the agent wrote, and bytes to and from the model. */
  talked: () => number;
  /** Milliseconds of CPU that the agent and its tools have used. */
  cpuMs: () => number;
  /** Whether the agent has given its result as its last word. */
  hasResult: () => Promise<boolean>;
  /** Undefined: never. */
  stallMs: number | undefined;
  exitGraceMs: number;
};

const looks = 10; // for each span that is watched
const longestLookMs = 1000;
const idleCpuShare = 0.05; // an idle CLI takes about a hundredth of a CPU

/** Settles when an agent does nothing any more: `finished` after its result, or else `stalled`. */
export const watchForIdleness = async (
  { talked, cpuMs, hasResult, stallMs = Infinity, exitGraceMs }: WatchdogOptions,
  signal: AbortSignal,
): Promise<"finished" | "stalled"> => {
  const everyMs = Math.max(1, Math.min(longestLookMs, stallMs / looks, exitGraceMs / looks));
  const cpuEveryMs = stallMs / looks; // it takes a look at all processes
  const talk = createGauge(talked);
  const cpu = createGauge(cpuMs);
  let workedAt = performance.now();
  let asked = false;
  for (;;) {
    await pause(everyMs, undefined, { signal, ref: false });
    const now = performance.now();
    if (talk.grewBy(now) > 0) {
      workedAt = now;
      asked = false;
    }
    const silentMs = now - talk.grewAt();
    if (silentMs >= cpuEveryMs && computes(cpu, now, cpuEveryMs)) workedAt = now;
    if (!asked && silentMs >= exitGraceMs) {
      asked = true; // once for each silence: it takes reading
      if (await hasResult()) return "finished";
    }
    if (now - workedAt >= stallMs) return "stalled";
  }
};

/** Whether more CPU was used than by an agent that only waits; false as well where it is too early to look again. */
const computes = (cpu: Gauge, now: number, everyMs: number): boolean => {
  const sinceMs = now - cpu.readAt();
  return sinceMs >= everyMs && cpu.grewBy(now) > idleCpuShare * sinceMs;
};

type Gauge = ReturnType<typeof createGauge>;

/** A value that grows, or does not. */
const createGauge = (read: () => number) => {
  let value: number | undefined;
  let grewAt = performance.now();
  let readAt = 0;
  return {
    /** By how much it has grown since it was last read. */
    grewBy(now: number): number {
      const fresh = read();
      const grown = fresh - (value ?? fresh);
      value = fresh;
      readAt = now;
      if (grown > 0) grewAt = now;
      return grown;
    },
    grewAt: () => grewAt,
    readAt: () => readAt,
  };
};
