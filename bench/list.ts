import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../lib/store/database.ts";
import { createJobStore } from "../lib/store/jobs.ts";
import { endingOf, newJob } from "../test/harness.ts";
import { startStromboli, type Owner } from "../test/e2e/harness.ts";
import { connectTo } from "./plain-client.ts";
import { percentile, sample, told, type Goal } from "./sample.ts";

const rows = 100_000;
const warmUp = 1000; // by then V8 has compiled what a page takes
const rounds = 500;
const result = `${JSON.stringify({ type: "result", is_error: false, result: "x".repeat(2000) })}\n`;

/** The newest 50 jobs out of many, each with an answer of 2 KB in its file. */
export const measureList = async (owner: Owner): Promise<Goal[]> => {
  const { place, end, start, pid } = await startStromboli(owner);
  await end("SIGTERM");
  fill(place.state);
  await start();
  using client = await connectTo(place.socket);
  const list = () => client.get("/jobs?limit=50");
  const times: number[] = [];
  const least: number[] = []; // of a request that does nothing: what the machine adds to each
  for (let round = -warmUp; round < rounds; round += 1) {
    const ms = await sample(list);
    const leastMs = await sample(() => client.get("/healthz"));
    if (round < 0) continue;
    times.push(ms);
    least.push(leastMs);
  }
  const before = cpuMsOf(pid());
  for (let round = 0; round < rounds; round += 1) await list();
  const cpuMs = (cpuMsOf(pid()) - before) / rounds;
  console.log(
    `GET /jobs, 50 of ${rows}: ${told(times)}, ${cpuMs.toFixed(1)} ms of CPU each; GET /healthz: ${told(least)}`,
  );
  return [{ name: "p99 of the newest 50 jobs", value: percentile(times, 0.99), goal: 10, unit: " ms" }];
};

/** What a process has used so far: others on the machine add less to it than to the time that a client waits. */
const cpuMsOf = (pid: number | undefined): number => {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ").slice(11, 13) ?? [];
  return (Number(user) + Number(system)) * tickMs;
};
const tickMs = 10;

const fill = (state: string): void => {
  const db = openDatabase(join(state, "stromboli.db"));
  const jobs = createJobStore(db);
  db.transaction(() => {
    for (let row = 0; row < rows; row += 1) {
      const job = newJob({ request: { prompt: "x".repeat(500) }, createdAt: Date.now() });
      jobs.insert(job);
      jobs.ended(job.id, endingOf({ result: { start: 0, end: result.length }, endedAt: Date.now() }));
      if (row < rows - 100) continue;
      mkdirSync(join(state, "jobs", job.id));
      writeFileSync(join(state, "jobs", job.id, "output.jsonl"), result);
    }
  })();
  db.close();
};
