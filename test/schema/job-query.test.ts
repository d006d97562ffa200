import assert from "node:assert/strict";
import { test } from "node:test";
import { JobQuery } from "../../lib/schema/job.ts";

for (const query of [
  { status: "ended" },
  { limit: "0" },
  { limit: "501" },
  { limit: "1.5" },
  { limit: "" },
  { cursor: "0" },
  { cursor: "-1" },
  { cursor: "99999999999999999" },
  { id: "g" },
  { id: "job" },
  { id: "job-12345678901234567" },
  { label: "" },
  { label: 'a"b' },
  { label: "a b=1" },
  { labels: "a" },
] as const) {
  // prettier-ignore
  test(`the query ${JSON.stringify(query)} is none`, () => {
    assert.equal(JobQuery.safeParse(query).success, false);
  });
}

test("a query of numbers is read as numbers", () => {
  assert.deepEqual(JobQuery.parse({ limit: "500", cursor: "7" }), { limit: 500, cursor: 7 });
});

test("a number that does not fit is told what would, whatever is wrong with it", () => {
  for (const limit of ["0", "501", "x", "", ["1", "2"]]) {
    const messages = JobQuery.safeParse({ limit }).error?.issues.map(({ message }) => message);
    assert.deepEqual(messages, ["must be a whole number from 1 to 500"]);
  }
});
