import type { UsageReport, UsageRow } from "../lib/schema/usage.ts";
import { fit } from "./line.ts";
import { costOf } from "./session-table.ts";
import { table, type Column } from "./table.ts";

const widestKey = 32;

/** What was used, with the total below it; on a terminal large numbers are rounded. */
export const usageTable = (report: UsageReport, stdout: NodeJS.WriteStream): string => {
  const { by, total } = report;
  const rows = [...report.rows, { ...total, key: "total" }];
  const count = stdout.isTTY ? tokens : String;
  const column = (title: string, cellOf: (row: UsageRow) => string): Column => ({
    title,
    cells: rows.map(cellOf),
    right: true,
  });
  return table(
    [
      { title: by.toUpperCase(), cells: rows.map(({ key }) => (stdout.isTTY ? fit(key, widestKey) : key)) },
      column("RUNS", ({ runs }) => String(runs)),
      { ...column("INPUT", (row) => count(row.input_tokens)), optional: true },
      { ...column("OUTPUT", (row) => count(row.output_tokens)), optional: true },
      { ...column("CACHE READ", (row) => count(row.cache_read_input_tokens)), optional: true },
      { ...column("CACHE WRITE", (row) => count(row.cache_creation_input_tokens)), optional: true },
      column("TOKENS", (row) => count(row.total_tokens)),
      column("COST", (row) => costOf(row.estimated_cost_usd)),
    ],
    stdout,
  );
};

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** So many tokens in a few characters, such as 12.3K. */
export const tokens = (count: number): string => compact.format(count);
