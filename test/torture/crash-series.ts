import { isDeepStrictEqual } from "node:util";
import { createLane, type Lane } from "./crash-lane.ts";
import { distinct, type Points } from "./crash-points.ts";
import { survive, type Death, type Scenario, type Verdict } from "./crash-survival.ts";
import { rootful } from "../e2e/podman.ts";

export type Expected = Partial<Verdict>;
type Fault = { dieAt: string; found: unknown };

const saidLength = 4000;

/** What a job comes to whose output is whole, beside what is special about it. */
export const whole: Expected = {
  runs: 1,
  lastEvent: "done",
  gapFree: true,
  equalsLog: true,
  files: "events.idx output.jsonl stderr.log",
  hiddenSessions: [],
  deliveries: 0,
  idsKept: true,
  added: 1,
};

/** The next daemon, which dies no more. */
export const revive = async (lane: Lane): Promise<void> => {
  lane.arm("never");
  await lane.start();
};

/** A job whose daemon lives: all points that can be died at, and what came of it. */
export const learn = async (lane: Lane, scenario: Scenario) => {
  const { points, verdict } = await survive(lane, scenario, { dieAt: "never", revive });
  return { points: distinct(points), faults: faultsOf("never", verdict, scenario.expected) };
};

/** Some of the points; the second run of all tests takes fewer, as it differs in Podman alone. */
export const someOf = (points: Points, every: number): string[] =>
  points.filter((_, index) => index % (rootful ? every : 4 * every) === 0);

/** Kills over a job at each of many points, and tells what did not come out as it must. */
export const killAtEach = async (lanes: readonly Lane[], scenario: Scenario, deaths: readonly Death[]) => {
  const waiting = [...deaths];
  const faults: Fault[] = [];
  const missed: string[] = [];
  const work = async (lane: Lane): Promise<void> => {
    for (let death = waiting.shift(); death; death = waiting.shift()) {
      const { dieAt } = death;
      const { died, verdict } = await survive(lane, scenario, death).catch((cause: unknown) => {
        throw new Error(`killed at: ${dieAt}; the daemon said: ${lane.log().slice(-saidLength)}`, { cause });
      });
      if (!died) missed.push(dieAt);
      faults.push(...faultsOf(dieAt, verdict, scenario.expected));
    }
  };
  const ends = await Promise.allSettled(lanes.map(work));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return { faults, missed };
};

/** The first job of a daemon also looks into the image. */
const firstJob: Scenario = { request: { prompt: "answer hello" }, expected: {} };

/** Daemons that are killed over jobs, side by side. */
export const createSeries = async (...place: Parameters<typeof createLane>) => {
  const lanes = await Promise.all([1, 2, 3].map(() => createLane(...place)));
  const [lane] = lanes as [Lane, Lane, Lane];
  await Promise.all(lanes.map((each) => learn(each, firstJob)));

  /** Kills daemons over a job, at every so manieth point of its life. */
  const series = async (scenario: Scenario, every: number) => {
    const { points, faults: usual } = await learn(lane, scenario);
    const deaths = someOf(points, every).map((dieAt) => ({ dieAt, revive }));
    const { faults, missed } = await killAtEach(lanes, scenario, deaths);
    return {
      points,
      faults: [...usual, ...faults],
      hits: deaths.length - missed.length,
      share: 1 - missed.length / deaths.length,
    };
  };
  return { lanes, series };
};

const faultsOf = (dieAt: string, verdict: Verdict, expected: Expected): Fault[] => {
  const found = Object.entries(expected).flatMap(([name, value]) => {
    const real: unknown = Reflect.get(verdict, name);
    return isDeepStrictEqual(real, value) ? [] : [[name, real]];
  });
  return found.length === 0 ? [] : [{ dieAt, found: Object.fromEntries(found) as unknown }];
};
