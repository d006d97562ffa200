import { Submitted } from "../lib/schema/job.ts";
import type { Owner } from "../test/e2e/harness.ts";
import { startStromboli } from "../test/e2e/harness.ts";
import { waiting } from "../test/e2e/requests.ts";

const clients = 32;
const jobs = 20 * clients;

/** How many jobs a daemon takes in a second while one runs and the others wait. */
export const measureSubmits = async (owner: Owner): Promise<void> => {
  const { send } = await startStromboli(owner, { config: { jobs: { max_running: 1, max_queued: jobs } } });
  const submit = async (body: object) =>
    Submitted.parse(await (await send("/run/async", { method: "POST", body: JSON.stringify(body) })).json()).job_id;
  const running = await submit(waiting());
  const ids: string[] = [];
  const client = async () => {
    for (let count = 0; count < jobs / clients; count += 1) ids.push(await submit({ prompt: "say: hello" }));
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - began) / 1000;
  console.log(`POST /run/async: ${Math.round(ids.length / seconds)} jobs a second, from ${clients} clients`);
  for (const id of [...ids, running]) await send(`/jobs/${id}`, { method: "DELETE" });
};
