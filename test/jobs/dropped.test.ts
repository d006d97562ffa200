import assert from "node:assert/strict";
import { test } from "node:test";
import { localCaller } from "../../lib/auth/caller.ts";
import { mockTimers } from "../harness.ts";
import { openRunner, resultLine } from "./harness.ts";

/** Until something is so, with timers that stand still. */
const soon = async (look: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 20_000 && !look(); turn += 1) await new Promise(setImmediate);
  assert.ok(look());
};

test("a job that was dropped for a reason that nobody foresaw is taken up again after a moment", async (t) => {
  const { deps, fake, jobs, start, lines } = openRunner(t);
  let waits = 0;
  const ends = {
    ...deps.ends,
    ended: (...of: Parameters<typeof deps.ends.ended>) =>
      waits++ === 0 ? Promise.reject(new TypeError("a bug")) : deps.ends.ended(...of),
  };
  fake.state.output = resultLine;
  const timers = mockTimers(t);
  const runner = start({ ends });
  const { id } = await runner.submit({ caller: localCaller, request: { prompt: "hi" }, mode: "run" });
  const ended = runner.ended(id);
  await soon(() => lines.join("").includes("a job was dropped; it is taken up again"));
  assert.equal(jobs.find(id)?.state, "running");
  timers.tick(10_000);
  await soon(() => waits === 2);
  fake.exit(id, 0);
  await ended;
  assert.deepEqual([jobs.find(id)?.ending?.outcome, fake.started.length], ["succeeded", 1]);
  timers.reset(); // for the drain
});
