import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";

const stromboli = await startStromboli({ after }, { config: { metrics: { listen: "127.0.0.1:0" } } });

test("a run shows in the metrics: its end and phases, its tokens, its calls of the model, of podman and over HTTP", async () => {
  await stromboli.run({ prompt: "say: hello" });
  const url = /"url":"([^"]+)","msg":"metrics"/.exec(stromboli.log())?.[1] ?? "";
  const text = await (await fetch(url)).text();
  const missing = [
    'stromboli_jobs_ended_total{outcome="succeeded"} 1',
    'stromboli_job_phase_seconds_count{phase="agent"} 1',
    'stromboli_model_request_seconds_count{status="200"} ',
    'stromboli_podman_call_seconds_count{verb="run",result="ok"} 1',
    'stromboli_http_request_seconds_count{method="POST",route="/run",status="200"} 1',
    'stromboli_jobs{state="running"} 0',
  ].filter((sample) => !text.includes(sample));
  assert.deepEqual(missing, []);
  assert.match(text, /^stromboli_tokens_total\{kind="output"\} [1-9]/m);
});
