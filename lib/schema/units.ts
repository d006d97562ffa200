import { z } from "zod";

const sizes = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const;
const perTimes = { s: 1000, m: 60_000, h: 3_600_000 } as const;
const spans = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const size = /^([1-9]\d{0,11})(b|k|m|g)$/;
const span =
  /^(?:([1-9]\d{0,5})d)?(?:([1-9]\d{0,5})h)?(?:([1-9]\d{0,6})m(?!s))?(?:([1-9]\d{0,8})s)?(?:([1-9]\d{0,11})ms)?$/;
const rate = /^([1-9]\d{0,5})\/([smh])$/;
const decimal = /^(?:0|[1-9]\d{0,3})(?:\.\d{1,3})?$/;

/** Bytes of a memory size such as `512m`; the text has passed {@link MemorySize}. */
export const bytesOf = (text: string): number => {
  const [, count = "", unit = "b"] = size.exec(text) ?? [];
  return Number(count) * sizes[unit as keyof typeof sizes]; // the pattern admits only these units
};

/** Milliseconds of a duration such as `1h30m`; the text has passed {@link Duration} or {@link isSpan}. */
export const millisecondsOf = (text: string): number => {
  const [, d = 0, h = 0, m = 0, s = 0, ms = 0] = span.exec(text) ?? [];
  return Number(d) * spans.d + Number(h) * spans.h + Number(m) * spans.m + Number(s) * spans.s + Number(ms);
};

/** Whether a text is a duration, be it longer than any timer takes. */
export const isSpan = (text: string): boolean => text !== "" && span.test(text);

/** A text such as `600/m`, and what it says: so many, each time that long. */
export type Rate = { text: string; most: number; perMs: number };

/** What a rate such as `600/m` says; the text has passed {@link RateLimit}. */
export const rateOf = (text: string): Rate => {
  const [, most = "", per = "s"] = rate.exec(text) ?? [];
  return { text, most: Number(most), perMs: perTimes[per as keyof typeof perTimes] }; // the pattern admits only these
};

const smallest = 64 * sizes.m;
const largest = 65_536 * sizes.g;
const longest = 24 * spans.d; // a timer takes no more

export const MemorySize = z
  .string()
  .regex(size, { error: "must be a whole number with one unit of b, k, m or g, such as 512m or 2g", abort: true })
  .refine((text) => bytesOf(text) >= smallest, "must be at least 64m: the agent itself does not start with less")
  .refine((text) => bytesOf(text) <= largest, "must be at most 65536g")
  .describe("Memory limit, such as 512m or 2g.");

export const FileSize = z
  .string()
  .regex(size, { error: "must be a whole number with one unit of b, k, m or g, such as 256m or 10g", abort: true })
  .refine((text) => bytesOf(text) >= sizes.m, "must be at least 1m")
  .refine((text) => bytesOf(text) <= largest, "must be at most 65536g")
  .describe("Size on disk, such as 256m or 10g.");

export const RateLimit = z
  .string()
  .regex(new RegExp(`^off$|${rate.source}`), "must be off, or so many a second, minute or hour: 10/s, 600/m, 1000/h")
  .describe("How often something may be done, such as 600/m.");

export const Days = z.int().min(0).max(36_500).describe("A number of days; 0 means for ever.");

const notDuration = "must be a duration such as 90s, 30m or 1h30m";

export const Duration = z
  .string(notDuration)
  .regex(/./, { error: notDuration, abort: true })
  .regex(span, { error: notDuration, abort: true })
  .refine((text) => millisecondsOf(text) <= longest, "must be at most 24d")
  .describe("A duration, such as 90s, 30m or 1h30m.");

const notCpus = 'must be a decimal number of CPUs in a string, such as "0.5" or "2"';

export const CpuCount = z
  .string(notCpus)
  .regex(decimal, { error: notCpus, abort: true })
  .refine((text) => Number(text) >= 0.01, "must be at least 0.01")
  .describe('Number of CPUs, such as "0.5" or "2".');
