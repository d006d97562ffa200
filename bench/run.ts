import { createServer } from "node:http";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startStromboli } from "../test/e2e/harness.ts";
import { createScriptedModel } from "../lib/demo/model.ts";
import { bareRun } from "./bare-run.ts";
import { median, sample } from "./sample.ts";

const rounds = 15;
const root = join(import.meta.dirname, "..");
const prompt = "say: hello";
const goals: { name: string; value: number; goal: number; unit: string }[] = [];

await using stack = new AsyncDisposableStack();
const stromboli = await startStromboli({ after: (clean) => stack.defer(clean) });
const { place } = stromboli;

console.log("Each figure is a median; both sides of a ratio are measured in turns, in this one run.\n");

await stromboli.send("/healthz"); // it answers once it has started up to the end
const idleRssMb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${stromboli.pid()}/status`, "utf8"))?.[1]) / 1024;

await stromboli.run({ prompt }); // warms the page cache for both
const socketFolder = join(place.folder, "model");
mkdirSync(socketFolder);
const model = createServer(createScriptedModel({ fallback: "echo" }));
await once(model.listen(join(socketFolder, "api.sock")), "listening");
chmodSync(join(socketFolder, "api.sock"), 0o666);
stack.defer(() => void model.close());
const promptFile = join(place.folder, "prompt.jsonl");
writeFileSync(promptFile, `${JSON.stringify({ type: "user", message: { role: "user", content: prompt } })}\n`);

const runs: Awaited<ReturnType<typeof stromboli.run>>[] = [];
const bare: number[] = [];
const through: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  bare.push(await sample(() => bareRun({ folder: place.folder, socketFolder, promptFile })));
  through.push(await sample(async () => runs.push(await stromboli.run({ prompt }))));
}
report("POST /run", { ms: median(through), against: "the same container by hand", baseMs: median(bare), goal: 1.1 });

const node = process.execPath;
const command = (file: string, ...argv: string[]) =>
  sample(async () => (await import("execa")).execa(file, argv, { reject: false }));
const starts: number[] = [];
const empties: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  empties.push(await command(node, "-e", "0"));
  starts.push(await command(join(root, "bin/stromboli"), "--version"));
}
report("stromboli --version", { ms: median(starts), against: "node -e 0", baseMs: median(empties), goal: 2.5 });

goals.push({ name: "memory of an idle daemon", value: idleRssMb, goal: 90, unit: " MB" });
console.log("\nPhases of a run, as it reports them:");
for (const phase of ["create", "first_token", "agent"] as const) {
  console.log(`  ${phase.padEnd(12)} ${median(runs.map(({ body }) => body.timings_ms?.[phase] ?? 0))} ms`);
}

console.log("\nGoals:");
for (const { name, value, goal, unit } of goals) {
  console.log(`  ${value <= goal ? "met   " : "missed"} ${name}: ${value.toFixed(2)}${unit}, at most ${goal}${unit}`);
}

function report(
  name: string,
  { ms, against, baseMs, goal }: { ms: number; against: string; baseMs: number; goal: number },
): void {
  console.log(`${name}: ${Math.round(ms)} ms; ${against}: ${Math.round(baseMs)} ms; ratio ${(ms / baseMs).toFixed(2)}`);
  goals.push({ name: `${name} against ${against}`, value: ms / baseMs, goal, unit: "x" });
}
