import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { JobList } from "../lib/schema/job.ts";
import { startStromboli, type Owner, type Stromboli } from "../test/e2e/harness.ts";
import { until } from "../test/e2e/wait.ts";
import { sample } from "./sample.ts";

const running = 100;

/** In place of the CLI, of which a hundred do not fit into every machine: it says something once there is a file `go`. */
const agent = `#!/bin/sh
echo '{"type":"system","subtype":"init","model":"none"}'
until [ -e "$HOME/go" ]; do sleep 1; done
`;

/** How long a daemon takes to start, and to have a hundred running jobs in its hands again, after it was killed. */
export const measureRecovery = async (owner: Owner): Promise<void> => {
  const idle = await startStromboli(owner);
  await idle.end("SIGKILL");
  const emptyMs = await sample(idle.start);

  const binary = join(idle.place.folder, "agent");
  writeFileSync(binary, agent);
  chmodSync(binary, 0o755);
  const stromboli = await startStromboli(owner, { config: { claude: { binary }, jobs: { max_running: running } } });
  const body = JSON.stringify({ prompt: "hi", podman: { network: "none", memory: "64m" } });
  for (let job = 0; job < running; job += 1) await stromboli.send("/run/async", { method: "POST", body });
  await until(
    "all to run",
    async () =>
      (await idsOf(stromboli, "running")).length === running && (await stromboli.containers()).length === running,
    300_000,
  );
  await stromboli.end("SIGKILL");
  const startMs = await sample(stromboli.start);
  const ids = await idsOf(stromboli, "running");
  const cancelledMs = await sample(() =>
    Promise.all(ids.map((id) => stromboli.send(`/jobs/${id}`, { method: "DELETE" }))),
  );
  console.log(
    `start with ${running} running jobs: ${Math.round(startMs)} ms; with none: ${Math.round(emptyMs)} ms; all of them cancelled within ${Math.round(cancelledMs)} ms`,
  );
};

const idsOf = async ({ send }: Stromboli, status: string): Promise<string[]> =>
  JobList.parse(await (await send(`/jobs?status=${status}&limit=500`)).json()).jobs.map(({ id }) => id);
