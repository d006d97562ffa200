import type { UsageBy, UsageRow } from "../schema/usage.ts";
import type { Db } from "./database.ts";

type Filter = { since: number; until: number; owner: string | null };
type Sums = Omit<UsageRow, "key" | "total_tokens">;
type Row = Sums & { key: string | number };

export type UsageStore = ReturnType<typeof createUsageStore>;

const dayMs = 86_400_000;
const mostRows = 1000;

const sums = `count(*) as runs, coalesce(sum(input_tokens), 0) as input_tokens,
  coalesce(sum(output_tokens), 0) as output_tokens,
  coalesce(sum(cache_creation_input_tokens), 0) as cache_creation_input_tokens,
  coalesce(sum(cache_read_input_tokens), 0) as cache_read_input_tokens, coalesce(sum(cost_usd), 0) as estimated_cost_usd`;
const chosen = "ended_at >= @since and ended_at < @until and (@owner is null or owner = @owner)";
const dearest = "estimated_cost_usd desc, input_tokens + output_tokens desc, key";

const grouped = (key: string, order = dearest, from = "run_usage") =>
  `select ${key} as key, ${sums} from ${from} where ${chosen} group by 1 order by ${order} limit ${mostRows}`;

/** What runs have used. The database itself writes it down, in the statement that ends a job. */
export const createUsageStore = (db: Db) => {
  const total = db.prepare<[Filter], Sums>(`select ${sums} from run_usage where ${chosen}`);
  const rows = {
    day: db.prepare<[Filter], Row>(grouped(`ended_at / ${dayMs}`, "key desc")),
    model: db.prepare<[Filter], Row>(grouped("model")),
    caller: db.prepare<[Filter], Row>(grouped("owner")),
    label: db.prepare<[Filter], Row>(
      grouped("label.key || '=' || label.value", dearest, "run_usage, json_each(run_usage.labels) as label"),
    ),
  };

  return {
    total: (filter: Filter): Sums => total.get(filter) as Sums, // an aggregate always has its one row
    by(by: UsageBy, filter: Filter): (Sums & { key: string })[] {
      const found = rows[by].all(filter);
      if (by !== "day") return found.map((row) => ({ ...row, key: String(row.key) }));
      return found.toReversed().map((row) => ({ ...row, key: dayOf(Number(row.key)) }));
    },
  };
};

const dayOf = (days: number): string => new Date(days * dayMs).toISOString().slice(0, 10);
