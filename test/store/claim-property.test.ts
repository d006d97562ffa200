import assert from "node:assert/strict";
import { test } from "node:test";
import { endingOf, newJob, openStores, requestOf } from "../harness.ts";

const sessions = ["p", "q", "r"] as const;
const count = 200;

/** Numbers below a limit that are the same at every run. */
const randomFrom = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
};

for (const seed of [1, 2, 3]) {
  test(`in the end every job has had its turn, in the order of its session and no two at once, seed ${seed}`, (t) => {
    const { jobs } = openStores(t);
    const random = randomFrom(seed);
    const turns: string[] = [];
    const running: { id: string; session: string }[] = [];
    let made = 0;
    const make = () => {
      const session = sessions[random(3)] ?? "p";
      const id = `job-${made}`;
      const use = random(4) === 0 ? { forkedFrom: session } : { sessionId: session };
      jobs.insert(newJob({ id, container: id, request: requestOf({ priority: random(5) }), ...use }));
      made += 1;
    };
    const claim = () => {
      const job = jobs.claim(1);
      if (!job) return;
      assert.ok(!running.some(({ session }) => session === job.sessionId), `${job.sessionId} has two`);
      jobs.started(job.id, 1);
      running.push({ id: job.id, session: job.sessionId });
      turns.push(job.id);
    };
    for (let step = 0; turns.length < count; step += 1) {
      if (made < count && random(3) > 0) make();
      if (random(2) === 0) claim();
      if (random(3) === 0 || made === count) jobs.ended(running.shift()?.id ?? "", endingOf());
      assert.ok(step < 10_000, "jobs were left waiting for ever");
    }
    assert.equal(new Set(turns).size, count);
    for (const session of sessions) {
      const ids = turns.filter((id) => jobs.find(id)?.sessionId === session).map((id) => Number(id.slice(4)));
      assert.deepEqual(
        ids,
        ids.toSorted((a, b) => a - b),
      );
    }
  });
}
