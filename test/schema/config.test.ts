import assert from "node:assert/strict";
import { test } from "node:test";
import { Config } from "../../lib/schema/config.ts";

const issuesOf = (values: unknown) =>
  Config.safeParse(values).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];

for (const [policy, issue] of [
  [{ max_memory: "256m" }, /^defaults\.memory: must be at most 256m/],
  [{ max_cpus: "0.5" }, /^defaults\.cpus: must be at most 0\.5/],
  [{ max_timeout: "29m59s" }, /^defaults\.timeout: must be at most 29m59s/],
  [{ max_pids: 511 }, /^defaults\.pids: must be at most 511/],
  [{ networks: ["none"] }, /^defaults\.network: must be one of policy\.networks/],
] as const) {
  test(`a default that policy would refuse is a mistake: ${JSON.stringify(policy)}`, () => {
    const issues = issuesOf({ policy });
    assert.equal(issues.length, 1);
    assert.match(String(issues[0]), issue);
  });
}

test("a default may be as much as the ceiling, and off is none", () => {
  const policy = { max_memory: "524288k", max_cpus: "1", max_timeout: "1800s", max_pids: 512, networks: ["full"] };
  assert.deepEqual([issuesOf({ policy }), issuesOf({ policy: { max_pids: "off", max_cpus: "off" } })], [[], []]);
});

for (const text of ["512mb", "-1", "1e9", "0", "1.5.2", ""]) {
  for (const [key, remedy] of [
    ["max_memory", /off.*such as 2g/],
    ["max_cpus", /(off.*such as "2"|at least 0\.01)/],
    ["max_timeout", /off.*such as 90s/],
    ["max_pids", /off.*16 to 65536/],
  ] as const) {
    test(`policy.${key} is not ${JSON.stringify(text)}, and the answer says what it may be`, () => {
      const issues = issuesOf({ policy: { [key]: text } });
      assert.equal(issues.length, 1);
      assert.match(String(issues[0]), new RegExp(`^policy\\.${key}: .*${remedy.source}`));
    });
  }
}

for (const pattern of ["", "a b", "A/b", "-x", "../x", "a\n", "$(id)"]) {
  test(`${JSON.stringify(pattern)} is no pattern of images`, () => {
    assert.match(issuesOf({ policy: { images: [pattern] } }).join(), /image reference/);
  });
}

for (const [endpoint, issue] of [
  ["collector:4318", /must be auto, off, or an http or https URL/],
  ["http://me:key@collector:4318", /no name and password.*OTEL_EXPORTER_OTLP_HEADERS/],
  ["http://collector:4318?key=x", /no query/],
] as const) {
  test(`a receiver of traces that is no address is a mistake: ${endpoint}`, () => {
    assert.match(issuesOf({ traces: { endpoint } }).join(), issue);
  });
}
