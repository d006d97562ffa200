import { z } from "zod";
import type { Health } from "../compose/plan.ts";

const nanoseconds = z.number().transform((value) => value / 1e6);

/** As an image in Docker's format has it; times in nanoseconds, 0 for what the specification says by itself. */
export const Healthcheck = z
  .object({
    Test: z.tuple([z.enum(["CMD", "CMD-SHELL"])], z.string()),
    Interval: nanoseconds.default(0),
    Timeout: nanoseconds.default(0),
    StartPeriod: nanoseconds.default(0),
    Retries: z.int().default(0),
  })
  .transform(({ Test, Interval, Timeout, StartPeriod, Retries }): Health => ({
    command: Test,
    intervalMs: Interval || 30_000,
    timeoutMs: Timeout || 30_000,
    startPeriodMs: StartPeriod,
    retries: Retries || 3,
  }));
