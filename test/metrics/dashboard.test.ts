import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createMetrics } from "../../lib/metrics/metrics.ts";

const dashboard = readFileSync(new URL("../../examples/grafana/stromboli.json", import.meta.url), "utf8");

test("the dashboard asks for no metric that there is not", async () => {
  const { text } = createMetrics({ version: "0.4.0", openJobs: () => ({}) });
  const known = new Set(Array.from((await text()).matchAll(/^# TYPE (\w+) (\w+)/gm), ([, name]) => name));
  const asked = dashboard.match(/\b(stromboli|process|nodejs)_\w+/g) ?? [];
  const unknown = asked.filter((name) => !known.has(name) && !known.has(name.replace(/_(bucket|count|sum)$/, "")));
  assert.ok(asked.length > 10);
  assert.deepEqual(unknown, []);
});
