/** How long a receiver is tried after the end of the job, or after a redelivery was asked for. */
export const patienceMs = 24 * 3_600_000;

const firstMs = 5_000;
const longestMs = 3_600_000;

/**
 * How long to wait after so many attempts: 5 s, 15 s, 45 s … up to an hour; by chance up to a quarter less, so that
 * what failed together does not come back together.
 */
export const retryDelayMs = (attempts: number, chance: number = Math.random()): number =>
  Math.round(Math.min(firstMs * 3 ** (attempts - 1), longestMs) * (1 - chance / 4));
