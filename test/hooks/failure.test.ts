import assert from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { hookFailure } from "../../lib/hooks/failure.ts";
import { planHooks } from "../../lib/hooks/plan.ts";
import { hookStateOf, readHookState } from "../../lib/hooks/state.ts";
import { tempFolder } from "../harness.ts";

const hooks = planHooks({ on_create_command: ["npm ci", "make\nall"], post_start: ["sleep 9"], hooks_timeout: "90s" });

/** What is said of hooks that have come so far, and printed this. */
const told = (t: TestContext, { state, log = "", late = false }: { state: string; log?: string; late?: boolean }) => {
  const path = join(tempFolder(t), "hooks.log");
  writeFileSync(path, log);
  return hookFailure({ hooks, state: hookStateOf(state), late, log: path });
};

test("a hook that failed is named, with its exit code and its last words", async (t) => {
  const log = '{"type":"stromboli_hook","state":"started"}\nbad\nworse\n{"type":"stromboli_hook","state":"ended"}\n';
  const state = "started on_create_command 0\nended on_create_command 0 0\nstarted on_create_command 1\nended on_create_command 1 2\n"; // prettier-ignore
  assert.deepEqual(await told(t, { state, log }), {
    hook: "on_create_command[1] (make)",
    error: "the hook on_create_command[1] (make) failed with exit code 2; its last words: worse",
    text: "bad\nworse\n",
  });
});

test("last words without a line feed are told as well", async (t) => {
  const log = 'all is lost{"type":"stromboli_hook","state":"ended"}\n';
  const failure = await told(t, { state: "ended on_create_command 0 7\n", log });
  assert.equal(failure?.text, "all is lost");
});

test("hooks that took too long are named by the one that was at work", async (t) => {
  const failure = await told(t, { state: "started post_start 0\n", late: true });
  assert.equal(failure?.error, "the hooks took longer than hooks_timeout, 90 s; post_start[0] (sleep 9) was at work");
});

test("a hook that was at work when the run ended otherwise is named and not blamed", async (t) => {
  const failure = await told(t, { state: "started post_start 0\n", log: "zzz\n" });
  assert.deepEqual(failure, { hook: "post_start[0] (sleep 9)", text: "zzz\n" });
});

for (const [title, state, late] of [
  ["hooks that have all succeeded", "started post_start 0\nended post_start 0 0\ndone 1.5\n", true],
  ["hooks that had not begun", "", false],
] as const) {
  test(`${title} are not to blame`, async (t) => assert.equal(await told(t, { state, late }), undefined));
}

for (const [text, wanted] of [
  ["", { state: "running", last: undefined }],
  ["nonsense\nstarted nothing 0\n", { state: "running", last: undefined }],
  ["started post_create 12\n", { state: "running", last: { name: "post_create", index: 12 } }],
  ["started post_create 0\nended post_create 0 0\n", { state: "running", last: { name: "post_create", index: 0 } }],
  ["ended post_create 0 137\n", { state: "failed", last: { name: "post_create", index: 0 }, exitCode: 137 }],
  ["done 1764108000.123456789\n", { state: "done", at: 1_764_108_000_123 }],
  ["done 1764108000\n", { state: "done", at: 1_764_108_000_000 }],
  ["done 1764108000.%N\n", { state: "done", at: 1_764_108_000_000 }],
  ["done \n", { state: "done", at: undefined }],
] as const) {
  test(`${JSON.stringify(text)} says that hooks are ${wanted.state}`, () =>
    assert.deepEqual(hookStateOf(text), wanted));
}

test("a state that a hook has flooded is read no further than is honest", async (t) => {
  const path = join(tempFolder(t), "hooks.state");
  writeFileSync(path, "started post_create 1\n");
  truncateSync(path, 600_000_000);
  assert.deepEqual(await readHookState(path), { state: "running", last: { name: "post_create", index: 1 } });
});

test("a state that a hook has shut is opened again", async (t) => {
  const path = join(tempFolder(t), "hooks.state");
  writeFileSync(path, "started post_create 1\n", { mode: 0o000 });
  assert.deepEqual(await readHookState(path), { state: "running", last: { name: "post_create", index: 1 } });
});

test("a run without hooks has no state of them", async (t) => {
  assert.equal(await readHookState(join(tempFolder(t), "hooks.state")), undefined);
});
