import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { UsageReport } from "../../lib/schema/usage.ts";
import { openApp } from "./harness.ts";

const result = `${JSON.stringify({
  type: "result",
  subtype: "success",
  is_error: false,
  num_turns: 1,
  result: "done",
  usage: { input_tokens: 3, output_tokens: 4, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 },
})}\n`;

const open = (t: TestContext) => {
  const app = openApp(t, { auth: { required: "always" }, output: result });
  const bearer = (name: string, scope: "run" | "read" | "admin") => ({
    authorization: `Bearer ${app.apiTokens.create({ name, scopes: [scope] }).token}`,
  });
  return { ...app, bearer };
};

test("GET /usage tells what a caller's runs have used", async (t) => {
  const { run, json, bearer } = open(t);
  await run({ prompt: "hi", labels: { team: "a" } }, bearer("ci", "run"));
  await run({ prompt: "hi" }, bearer("bot", "run"));
  const { body } = await json("/usage?by=caller&since=1h", { headers: bearer("root", "admin") });
  const { rows, total } = UsageReport.parse(body);
  assert.deepEqual(
    rows.map(({ key, total_tokens }) => [key, total_tokens]),
    [
      ["bot", 7],
      ["ci", 7],
    ],
  );
  assert.equal(total.total_tokens, 14);
});

test("GET /usage needs the scope read", async (t) => {
  const { json, bearer } = open(t);
  const { status, body } = await json("/usage", { headers: bearer("ci", "run") });
  assert.deepEqual([status, body["code"]], [403, "forbidden"]);
});

const noMoment = /^(since|until): must be a date such as 2026-11-01, a time such as \S+, or how long ago: 7d, 12h$/;
for (const [query, message] of [
  ["since=yesterday", noMoment],
  ["since=2026-02-30", noMoment],
  ["until=", noMoment],
  ["since=-1d", noMoment],
  ["by=week", /^by: .*"day"\|"model"\|"label"\|"caller"/],
  ["sice=1d", /^sice: unknown field/],
  ["since=1d&until=2d", /^since 1d is not before 2d$/],
] as const) {
  test(`GET /usage?${query} is refused with what is wrong`, async (t) => {
    const { json, bearer } = open(t);
    const { status, body } = await json(`/usage?${query}`, { headers: bearer("root", "admin") });
    assert.deepEqual([status, body["code"]], [400, "invalid_request"]);
    assert.match(String(body["error"]), message);
  });
}
