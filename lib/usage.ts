import { ownerFor, type Caller } from "./auth/caller.ts";
import { StromboliError } from "./errors.ts";
import { momentOf, type UsageQuery, type UsageReport } from "./schema/usage.ts";
import type { UsageStore } from "./store/usage.ts";

export type Usages = ReturnType<typeof createUsages>;

/** What runs have used, added up: a caller sees its own, an admin everybody's. */
export const createUsages =
  ({ usageStore, now }: { usageStore: UsageStore; now: () => number }) =>
  ({ since, until, by = "day" }: UsageQuery, caller: Caller): UsageReport => {
    const at = now();
    const from = since === undefined ? undefined : momentOf(since, at);
    const to = until === undefined ? at + 1 : momentOf(until, at); // what has ended this very moment counts
    if (from !== undefined && from >= to)
      throw new StromboliError("invalid_request", `since ${since} is not before ${until ?? "now"}`);
    const filter = { since: from ?? 0, until: to, owner: ownerFor(caller) ?? null };
    return {
      by,
      since: from === undefined ? null : new Date(from).toISOString(),
      until: new Date(to).toISOString(),
      rows: usageStore.by(by, filter).map(withTotal),
      total: withTotal(usageStore.total(filter)),
    };
  };

type Tokens = {
  input_tokens: number;
  output_tokens: number;
  cache_creation_input_tokens: number;
  cache_read_input_tokens: number;
};

const withTotal = <Sums extends Tokens>(sums: Sums): Sums & { total_tokens: number } => ({
  ...sums,
  total_tokens:
    sums.input_tokens + sums.output_tokens + sums.cache_creation_input_tokens + sums.cache_read_input_tokens,
});
