import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { usageTable } from "../../bin/usage-table.ts";
import type { UsageReport } from "../../lib/schema/usage.ts";

const row = {
  runs: 12,
  input_tokens: 1234,
  output_tokens: 56_789,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 12_345_678,
  total_tokens: 12_403_701,
  estimated_cost_usd: 3.456,
};
const report: UsageReport = {
  by: "label",
  since: null,
  until: "2026-01-01T00:00:00.000Z",
  rows: [{ key: `batch=${"x".repeat(40)}`, ...row }],
  total: row,
};

const shown = (columns?: number): string[] => {
  const stream = Object.assign(new PassThrough(), columns ? { isTTY: true, columns } : {});
  return stripVTControlCharacters(usageTable(report, stream as unknown as NodeJS.WriteStream)).split("\n"); // all that a table needs
};

test("on a terminal numbers are short, and stand one below the other", () => {
  assert.deepEqual(shown(120), [
    "LABEL                             RUNS  INPUT  OUTPUT  CACHE READ  CACHE WRITE  TOKENS   COST",
    "batch=xxxxxxxxxxxxxxxxxxxxxxxxx…    12   1.2K   56.8K       12.3M            0   12.4M  $3.46",
    "total                               12   1.2K   56.8K       12.3M            0   12.4M  $3.46",
  ]);
});

test("a narrow terminal has what fits", () => {
  assert.deepEqual(shown(60), [
    "LABEL                             RUNS  INPUT  TOKENS   COST",
    "batch=xxxxxxxxxxxxxxxxxxxxxxxxx…    12   1.2K   12.4M  $3.46",
    "total                               12   1.2K   12.4M  $3.46",
  ]);
});

test("a file has exact numbers and whole names", () => {
  assert.deepEqual(shown(), [
    "LABEL                                           RUNS  INPUT  OUTPUT  CACHE READ  CACHE WRITE    TOKENS   COST",
    "batch=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx    12   1234   56789    12345678            0  12403701  $3.46",
    "total                                             12   1234   56789    12345678            0  12403701  $3.46",
  ]);
});
