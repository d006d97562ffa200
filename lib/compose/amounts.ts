import { z } from "zod";

const sizes = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const;
const spans = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

const size = /^(\d{1,15}(?:\.\d{1,6})?) ?([kmg]?)b?$/i;
const span = /^(?:\d{1,9}(?:\.\d{1,6})?(?:us|ms|s|m|h))+$/;
const part = /(\d+(?:\.\d+)?)(us|ms|s|m|h)/g;

const longest = 24 * 24 * spans.h;
const largest = 65_536 * sizes.g;

/** Bytes of a size as compose writes it: `512m`, `1gb`, `1.5G`, `64 MB`, or a number of bytes. */
export const Size = z
  .string("must be a size such as 512m or 1gb")
  .regex(size, { error: "must be a size such as 512m or 1gb", abort: true })
  .transform((text) => {
    const [, count = "", unit = ""] = size.exec(text) ?? [];
    return Math.floor(Number(count) * sizes[unit.toLowerCase() as keyof typeof sizes]); // the pattern admits only these
  })
  .refine((bytes) => bytes > 0 && bytes <= largest, "must be above 0 and at most 65536g");

/** Milliseconds of a duration as compose writes it: `1m30s`, `1.5s`, `200ms`; `0` needs no unit. */
export const Span = z
  .string("must be a duration such as 90s or 1m30s")
  .max(40, { error: "must be a duration such as 90s or 1m30s", abort: true })
  .regex(new RegExp(`^0$|${span.source}`), { error: "must be a duration such as 90s or 1m30s", abort: true })
  .transform((text) =>
    Math.ceil(
      [...text.matchAll(part)].reduce(
        (sum, [, count, unit]) => sum + Number(count) * spans[unit as keyof typeof spans], // the pattern admits only these
        0,
      ),
    ),
  )
  .refine((milliseconds) => milliseconds <= longest, "must be at most 24 days");

/** How many CPUs, as the text that it was. */
export const Cpus = z
  .string("must be a number of CPUs such as 0.5 or 2")
  .regex(/^\d{1,4}(?:\.\d{1,3})?$/, { error: "must be a number of CPUs such as 0.5 or 2", abort: true })
  .refine((text) => Number(text) >= 0.01, "must be at least 0.01");

export const Pids = z
  .string("must be a whole number")
  .regex(/^[1-9]\d{0,4}$/, { error: "must be a whole number from 1 to 65536", abort: true })
  .transform(Number)
  .refine((count) => count <= 65_536, "must be at most 65536");

export const Retries = z
  .string("must be a whole number")
  .regex(/^[1-9]\d{0,3}$/, "must be a whole number from 1 to 9999")
  .transform(Number);
