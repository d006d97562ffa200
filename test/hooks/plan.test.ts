import assert from "node:assert/strict";
import { test } from "node:test";
import { planHooks } from "../../lib/hooks/plan.ts";
import { RunRequest } from "../../lib/schema/run.ts";

for (const lifecycle of [undefined, null, {}, { post_start: [] }, { hooks_timeout: "1m" }])
  test(`${JSON.stringify(lifecycle)} is no hook`, () => assert.equal(planHooks(lifecycle), undefined));

test("lists come in the order in which they run, and all but post_start are for once", () => {
  const { lists = [] } = planHooks({ post_start: ["c"], post_create: ["b"], on_create_command: ["a"] }) ?? {};
  assert.deepEqual(
    lists.map(({ name, once }) => [name, once !== undefined]),
    [
      ["on_create_command", true],
      ["post_create", true],
      ["post_start", false],
    ],
  );
});

const known = (...commands: string[]) => planHooks({ on_create_command: commands })?.lists[0]?.once;

test("a list is known by its commands, and by where one ends and the next begins", () => {
  assert.equal(known("a", "b"), known("a", "b"));
  assert.notEqual(known("a", "b"), known("a b"));
  assert.notEqual(known("a", "b"), known("b", "a"));
});

test("hooks have 5 minutes, or what the request says", () => {
  const times = [{}, { hooks_timeout: "90s" }].map((more) => planHooks({ post_start: ["a"], ...more })?.timeoutMs);
  assert.deepEqual(times, [300_000, 90_000]);
});

for (const [lifecycle, path] of [
  [{ on_create_command: "make" }, "on_create_command"],
  [{ on_create_command: [""] }, "on_create_command.0"],
  [{ post_start: ["a\0b"] }, "post_start.0"],
  [{ post_start: ["x".repeat(16_385)] }, "post_start.0"],
  [{ post_create: Array.from({ length: 51 }, () => "true") }, "post_create"],
  [{ post_start: [["npm", "ci"]] }, "post_start.0"],
  [{ hooks_timeout: "5" }, "hooks_timeout"],
  [{ on_create: ["make"] }, ""],
] as const) {
  test(`hooks like ${JSON.stringify(lifecycle).slice(0, 40)} are refused by their name`, () => {
    const { error } = RunRequest.safeParse({ prompt: "hi", podman: { lifecycle } });
    assert.equal(error?.issues[0]?.path.join("."), ["podman.lifecycle", path].filter(Boolean).join("."));
  });
}
