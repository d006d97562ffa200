import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createLane, type Lane } from "./crash-lane.ts";
import { distinct, type Points } from "./crash-points.ts";
import { killAtEach, learn, revive, whole } from "./crash-series.ts";
import { survive, type Death, type Scenario } from "./crash-survival.ts";
import { rootful } from "../e2e/podman.ts";
import { makeStandIn } from "../e2e/stand-in.ts";

const config = { claude: { binary: makeStandIn({ after }) } };
const lanes = await Promise.all([1, 2, 3].map(() => createLane({ after }, config)));

const scenario: Scenario = {
  request: { prompt: `echo ran >> runs; echo '{"step":1}'; echo '{"step":2}'; answer done` },
  expected: { ...whole, outcome: "succeeded", exit_code: 0, output: "done", lines: 3 },
};
await Promise.all(lanes.map((lane) => learn(lane, scenario)));

/** Where the first daemon dies; what is left there differs, and with it what the next one has to do. */
const stages = {
  "whose turn had come": "after sql update jobs set state = 'starting',",
  "whose folders were ready": "after file writeFile state/jobs/JOB/env",
  "that Podman was starting": "after podman run",
  "that ran, which nobody had written down": "end podman run",
  "that ran": "after sql update jobs set state = 'running',",
  "that was about to be written down as ended": "before sql update jobs set state = 'ended',",
  "that had ended, and had not been cleaned up": "before file rm state/jobs/JOB/input.jsonl",
};

/** What the next daemon passes from its start until it has nothing left to do. */
const recoveryOf = async (lane: Lane, dieAt: string): Promise<string[]> => {
  let points: Points = [];
  const look = async (each: Lane): Promise<void> => {
    await revive(each);
    await each.rest();
    points = each.points();
  };
  await survive(lane, scenario, { dieAt, revive: look });
  return distinct(points);
};

/** Daemons that die at a point of their recovery, some in a row, and then one that lives. */
const reviveInVain =
  (point: string, { times, hit }: { times: number; hit: () => void }) =>
  async (lane: Lane): Promise<void> => {
    for (let death = 0; death < times; death += 1) {
      lane.arm(point);
      if ((await lane.tryStart()) && !(await lane.dies(point))) return;
      hit();
    }
    await revive(lane);
  };

const pointsEach = rootful ? 3 : 1;

for (const [index, [what, dieAt]] of Object.entries(stages).entries()) {
  test(`a job ${what} ends as it must, though the daemons die that take it up`, async (t) => {
    const [lane] = lanes as [Lane, ...Lane[]];
    const points = await recoveryOf(lane, dieAt);
    const every = Math.max(1, Math.floor(points.length / pointsEach));
    let hits = 0;
    const deaths = points
      .filter((_, at) => at % every === index % every)
      .map((point, at): Death => ({
        dieAt,
        revive: reviveInVain(point, { times: 1 + (at % 2), hit: () => (hits += 1) }),
      }));
    const { faults } = await killAtEach(lanes, scenario, deaths);
    t.diagnostic(`${points.length} points of recovery, ${deaths.length} of them tried, ${hits} daemons killed`);
    assert.deepEqual(faults, []);
    assert.ok(hits >= deaths.length, `${hits} daemons died at ${deaths.length} points`);
  });
}
