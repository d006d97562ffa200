import { z } from "zod";
import { tokenCounts } from "./job.ts";
import { isSpan, millisecondsOf } from "./units.ts";

const notMoment = "must be a date such as 2026-11-01, a time such as 2026-11-01T12:00:00Z, or how long ago: 7d, 12h";

const Moment = z.union([z.iso.date(), z.iso.datetime({ offset: true }), z.string().refine(isSpan)], notMoment);

/** Milliseconds of a date (its beginning in UTC), of a time or of so long ago; the text has passed {@link Moment}. */
export const momentOf = (text: string, now: number): number =>
  isSpan(text) ? now - millisecondsOf(text) : Date.parse(text);

export const UsageBy = z.enum(["day", "model", "label", "caller"]);
export type UsageBy = z.output<typeof UsageBy>;

export const UsageQuery = z.strictObject({
  since: Moment.optional().describe(
    "Runs that ended then or later: a date, a time, or how long ago, such as 7d. By default all.",
  ),
  until: Moment.optional().describe("Runs that ended before; the same. By default until now."),
  by: UsageBy.optional().describe("What to add up for; day by default, which begins at midnight UTC."),
});
export type UsageQuery = z.output<typeof UsageQuery>;

const count = z.int().nonnegative();

const counts = {
  runs: count.describe("Runs that have ended and had asked the model."),
  ...tokenCounts,
  estimated_cost_usd: z.number().nonnegative(),
};

export const UsageRow = z
  .object({ key: z.string().describe("The day, the model, NAME=value of a label, or the caller."), ...counts })
  .meta({ id: "UsageRow" });
export type UsageRow = z.output<typeof UsageRow>;

export const UsageReport = z
  .object({
    by: UsageBy,
    since: z.iso.datetime().nullable(),
    until: z.iso.datetime(),
    rows: z
      .array(UsageRow)
      .max(1000)
      .describe(
        "Days in order, the last 1000; anything else with what cost most first, 1000 at most. A run counts for each of its labels, so that rows of labels may add up to more than the total, or to less.",
      ),
    total: z.object(counts),
  })
  .meta({ id: "UsageReport" });
export type UsageReport = z.output<typeof UsageReport>;
