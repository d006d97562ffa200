import type { Rate } from "./schema/units.ts";

/** What is left of a rate at a time, in milliseconds. */
export type Bucket = { tokens: number; at: number };

export type Taken = {
  bucket: Bucket;
  allowed: boolean;
  /** How many more would be allowed now. */
  remaining: number;
  /** Until one is allowed again, when none is. */
  retryMs: number;
  /** Until as many as ever are allowed. */
  resetMs: number;
};

/** Takes one token out of a bucket, when there is one; none yet is a full bucket. Pure. */
export const take = (bucket: Bucket | undefined, { most, perMs }: Rate, now: number): Taken => {
  const msEach = perMs / most;
  const tokens = bucket ? Math.min(most, bucket.tokens + Math.max(0, now - bucket.at) / msEach) : most;
  const allowed = tokens >= 1 - rounding;
  const left = allowed ? Math.max(0, tokens - 1) : tokens;
  return {
    bucket: { tokens: left, at: now },
    allowed,
    remaining: Math.floor(left + rounding),
    retryMs: allowed ? 0 : (1 - left) * msEach,
    resetMs: (most - left) * msEach,
  };
};

const rounding = 1e-6; // a part of one token
const mostKeys = 10_000;

export type RateLimiter = ReturnType<typeof createRateLimiter>;

/** A bucket for each key. Who has not asked for the longest time is forgotten first, and that is to start anew. */
export const createRateLimiter = (rate: Rate, now: () => number) => {
  const buckets = new Map<string, Bucket>();
  return {
    rate,
    take: (key: string): Taken => {
      const taken = take(buckets.get(key), rate, now());
      buckets.delete(key); // to stand at the end
      buckets.set(key, taken.bucket);
      const [oldest] = buckets.keys();
      if (buckets.size > mostKeys && oldest !== undefined) buckets.delete(oldest);
      return taken;
    },
    /** Undoes what was taken. */
    giveBack: (key: string): void => {
      const bucket = buckets.get(key);
      if (bucket) buckets.set(key, { ...bucket, tokens: Math.min(rate.most, bucket.tokens + 1) });
    },
  };
};
