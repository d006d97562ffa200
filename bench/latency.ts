import { eventsFrom } from "../lib/client/sse.ts";
import { Submitted } from "../lib/schema/job.ts";
import type { Stromboli } from "../test/e2e/harness.ts";
import { bash } from "../test/e2e/requests.ts";
import { percentile, told, type Goal } from "./sample.ts";

const lines = 300;
const script = `for i in $(seq ${lines}); do echo "{\\"type\\":\\"bench\\",\\"us\\":\${EPOCHREALTIME/./}}" >> /proc/$CLAUDE_PID/fd/1; sleep 0.02; done`;

/** From the agent's write to the event at a client. */
export const measureLatency = async ({ send }: Stromboli): Promise<Goal[]> => {
  const body = JSON.stringify(bash(script));
  const { job_id } = Submitted.parse(await (await send("/run/async", { method: "POST", body })).json());
  const { body: stream } = await send(`/jobs/${job_id}/events`);
  if (!stream) throw new Error("there is no stream");
  const latencies: number[] = [];
  for await (const { event, data } of eventsFrom(stream)) {
    if (event !== "output" || !data.startsWith('{"type":"bench"')) continue;
    const { us } = JSON.parse(data) as { us: number }; // the script's own line
    latencies.push(performance.timeOrigin + performance.now() - us / 1000);
  }
  if (latencies.length !== lines) throw new Error(`${latencies.length} of ${lines} lines came`);
  console.log(`write to event: ${told(latencies)}`);
  return [
    { name: "p99 from the agent's write to the event", value: percentile(latencies, 0.99), goal: 50, unit: " ms" },
  ];
};
