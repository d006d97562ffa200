import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { createScriptedModel } from "../lib/demo/model.ts";
import type { Stromboli } from "../test/e2e/harness.ts";
import { bareRun } from "./bare-run.ts";
import { median, sample, type Goal } from "./sample.ts";

const rounds = 15;
const prompt = "say: hello";

/** POST /run against the same container by hand, in turns, and the phases of a run. */
export const measureOverhead = async ({ place, run }: Stromboli): Promise<Goal[]> => {
  await run({ prompt }); // warms the page cache for both
  const socketFolder = join(place.folder, "model");
  mkdirSync(socketFolder);
  const model = createServer(createScriptedModel({ fallback: "echo" }));
  await once(model.listen(join(socketFolder, "api.sock")), "listening");
  chmodSync(join(socketFolder, "api.sock"), 0o666);
  const promptFile = join(place.folder, "prompt.jsonl");
  writeFileSync(promptFile, `${JSON.stringify({ type: "user", message: { role: "user", content: prompt } })}\n`);

  const runs: Awaited<ReturnType<typeof run>>[] = [];
  const bare: number[] = [];
  const through: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await sample(() => bareRun({ folder: place.folder, socketFolder, promptFile })));
    through.push(await sample(async () => runs.push(await run({ prompt }))));
  }
  model.close();
  console.log(
    `POST /run: ${Math.round(median(through))} ms; the same container by hand: ${Math.round(median(bare))} ms`,
  );
  for (const phase of ["queue", "create", "first_token", "agent"] as const) {
    console.log(`  ${phase.padEnd(12)} ${median(runs.map(({ body }) => body.timings_ms?.[phase] ?? 0))} ms`);
  }
  const value = median(through) / median(bare);
  return [{ name: "POST /run against the same container by hand", value, goal: 1.1, unit: "x" }];
};
