import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { after, test } from "node:test";
import { createPatientClient } from "./crash-client.ts";
import { createMix, standsAt, type MixedJob } from "./crash-mix.ts";
import { createRandom } from "./crash-random.ts";
import { lookAt } from "./crash-verdict.ts";
import { startStromboli } from "../e2e/harness.ts";
import { rootful } from "../e2e/podman.ts";
import { noteOf } from "../e2e/process.ts";
import { until } from "../e2e/wait.ts";

const seed = Number(process.env["SEED"] ?? randomInt(2 ** 31)); // SEED=… has the same kills once more
const random = createRandom(seed);
const bursts = 5;
const killsABurst = rootful ? 40 : 8;
const patienceMs = 600_000; // others may use this machine as well

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

const stromboli = await startStromboli(
  { after },
  { config: { jobs: { max_running: 20 }, claude: { max_retries: 10 }, defaults: { network: "none" } } },
);
const { place, workspace } = stromboli;
const client = createPatientClient(stromboli);
const gates = stromboli.makeVolume();
const gateCount = bursts - 1;

const mix = createMix(gates);
const workers = range(9).map((index) => mix.worker(`worker-${index}`, gateCount));
const cancelled = mix.cancelled("cancelled", 2);
const sequences = [mix.sequence("early", 2), mix.sequence("late", 3)];
const atFirst = [
  ...workers,
  mix.killed("killed-1", 2),
  mix.killed("killed-2", 3),
  mix.refused("refused-1", 1),
  mix.refused("refused-2", 3),
  mix.slow("slow"),
  cancelled,
  ...sequences.flat(),
  ...range(4).map((index) => mix.short(`waits-${index}`, { priority: -10 })),
];
const ids = new Map<MixedJob, string>();
const handIn = async (job: MixedJob): Promise<void> => void ids.set(job, await client.handIn(job));

/** How long a daemon takes to listen, about. */
const measureStart = async (): Promise<number> => {
  await stromboli.end("SIGKILL");
  const began = performance.now();
  await stromboli.start();
  return performance.now() - began;
};
const startMs = await measureStart();

/** A daemon that is killed on its way up, or soon after it listens. */
const live = async (): Promise<void> => {
  const { child, exited } = stromboli.spawn();
  try {
    if (random.below(2) === 0) return await pause(random.below(startMs)); // any moment will do
    await until("the daemon to listen", () => noteOf(place, child.pid) !== undefined, patienceMs);
    await pause(random.below(startMs / 2));
  } finally {
    child.kill("SIGKILL");
    await exited;
  }
};

/**
 * Kills while agents work, clients call and jobs wait; then one daemon lives until all that can end has ended: an agent
 * asks the model ten times and no more, so one that is out of luck in two bursts would truly fail.
 */
const burst = async (number: number): Promise<void> => {
  writeFileSync(join(gates, String(number - 1)), "");
  const calls = Promise.all([
    ...range(3).map((index) => handIn(mix.short(`short-${number}-${index}`))),
    ...(number === cancelled.gate + 1 ? [client.cancel(String(ids.get(cancelled)))] : []),
  ]);
  calls.catch(() => {}); // told below, when the last daemon is dead
  for (let kill = 0; kill < killsABurst; kill += 1) await live();
  await stromboli.start();
  await calls;
  const open = [...ids.keys()].filter(({ gate }) => gate >= number).length;
  await until(`all but ${open} to end`, () => stromboli.count("jobs where state <> 'ended'") === open, patienceMs);
  if (number > gateCount) return;
  for (const { mark, session } of workers) {
    const stands = () => existsSync(join(workspace(session), standsAt(mark, number)));
    await until(`${mark} to come to gate ${number}`, stands, patienceMs);
  }
  await stromboli.end("SIGKILL");
};

const files = "events.idx output.jsonl stderr.log";
const whole = { runs: 1, lastEvent: "done", gapFree: true, equalsLog: true, files };

/** What became of a job, as far as it is known what must. */
const verdictOf = async ([{ mark, expected }, id]: [MixedJob, string]) => {
  await stromboli.ended(id);
  const known = new Set(["mark", ...Object.keys(expected), ...Object.keys(whole)]);
  const verdict = { mark, ...(await lookAt(stromboli, id, mark)) };
  return Object.fromEntries(Object.entries(verdict).filter(([name]) => known.has(name)));
};

test(`all jobs end once and as they must, however often the daemon is killed (SEED=${seed})`, async (t) => {
  const began = performance.now();
  const tell = (what: string) => t.diagnostic(`${what} in ${Math.round((performance.now() - began) / 1000)} s`);
  await Promise.all(atFirst.map(handIn));
  await stromboli.end("SIGKILL");
  for (const number of range(bursts)) {
    await burst(number);
    tell(`${number * killsABurst} kills`);
  }
  const verdicts = await Promise.all([...ids].map(verdictOf));
  tell(`${ids.size} jobs`);
  const expected = [...ids.keys()].map((job) => ({ mark: job.mark, ...job.expected, ...whole }));
  assert.deepEqual(verdicts, expected);
  assert.equal(stromboli.count("jobs"), ids.size);
});

test("jobs on one session ran in their order", () => {
  for (const [first, ...others] of sequences) {
    const runs = readFileSync(join(workspace(first.session), "runs"), "utf8")
      .trimEnd()
      .split("\n");
    assert.deepEqual(
      runs,
      [first, ...others].map(({ mark }) => mark),
    );
  }
});

test("no container is left", async () => {
  await until("the containers to go", async () => (await stromboli.containers()).length === 0, patienceMs);
});
