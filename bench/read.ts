import { setTimeout as pause } from "node:timers/promises";
import { startStromboli, type Owner } from "../test/e2e/harness.ts";
import { makeStandIn, scripted } from "../test/e2e/stand-in.ts";
import { until } from "../test/e2e/wait.ts";
import { connectTo } from "./plain-client.ts";
import { percentile, told, type Goal } from "./sample.ts";

const running = 20;
const everyMs = 5;
const warmUp = 1000;
const reads = 2000;
const clients = 8;

/** Agents that say something each second, until they are cancelled. */
const talking = `while :; do echo '{"type":"bench"}'; sleep 1; done`;

/** GET /jobs/{id}, 200 times a second, while jobs run. A request that has to wait for the one before it counts from when it was due. */
export const measureReads = async (owner: Owner): Promise<Goal[]> => {
  const { submit, cancel, place, count } = await startStromboli(owner, {
    config: { claude: { binary: makeStandIn(owner) }, jobs: { max_running: running }, defaults: { network: "none" } },
  });
  const ids: string[] = [];
  for (let job = 0; job < running; job += 1) ids.push(String((await submit(scripted(talking))).body.job_id));
  await until("all to run", () => count("jobs where state = 'running'") === running, 120_000);

  const times: number[] = [];
  const began = performance.now();
  const client = async (first: number): Promise<void> => {
    using connection = await connectTo(place.socket);
    for (let read = first; read < warmUp + reads; read += clients) {
      const due = began + read * everyMs;
      await pause(Math.max(0, due - performance.now()));
      const asked = Math.min(performance.now(), due + everyMs); // a timer is late by itself
      await connection.get(`/jobs/${ids[read % running]}`);
      if (read >= warmUp) times.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
  console.log(`GET /jobs/{id}, ${1000 / everyMs} a second while ${running} jobs run: ${told(times)}`);
  for (const id of ids) await cancel(id);
  return [{ name: "p99 of GET /jobs/{id}", value: percentile(times, 0.99), goal: 10, unit: " ms" }];
};
