import { readFileSync } from "node:fs";
import { startStromboli } from "../test/e2e/harness.ts";
import { measureLatency } from "./latency.ts";
import { measureList } from "./list.ts";
import { measureOverhead } from "./overhead.ts";
import { measureReads } from "./read.ts";
import { measureRecovery } from "./recovery.ts";
import type { Goal } from "./sample.ts";
import { measureStartUp } from "./start-up.ts";
import { measureSubmits } from "./submit.ts";

await using stack = new AsyncDisposableStack();
const owner = { after: (clean: () => Promise<void>) => stack.defer(clean) };
const stromboli = await startStromboli(owner);

console.log(
  "Each figure is a median unless it says otherwise; both sides of a ratio are measured in turns, in this run.\n",
);

await stromboli.send("/healthz"); // it answers once it has started up to the end
const idleRssMb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${stromboli.pid()}/status`, "utf8"))?.[1]) / 1024;
const goals: Goal[] = [
  { name: "memory of an idle daemon", value: idleRssMb, goal: 90, unit: " MB" },
  ...(await measureOverhead(stromboli)),
  ...(await measureStartUp(stromboli)),
  ...(await measureLatency(stromboli)),
  ...(await measureList(owner)),
  ...(await measureReads(owner)),
];
await measureSubmits(owner);
await measureRecovery(owner);

console.log("\nGoals:");
for (const { name, value, goal, unit } of goals) {
  console.log(`  ${value <= goal ? "met   " : "missed"} ${name}: ${value.toFixed(2)}${unit}, at most ${goal}${unit}`);
}
