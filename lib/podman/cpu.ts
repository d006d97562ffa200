import { readdirSync, readFileSync } from "node:fs";

const msPerTick = 10; // the kernel's USER_HZ is 100 wherever Node runs

/** CPU time of a process and all below it, ended children included, in milliseconds; 0 when it is gone. */
export const cpuMsOf = (pid: number): number => {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(name) ?? []);
  const below = Map.groupBy(processes, ({ parent }) => parent);
  const sum = (process: Stat): number =>
    process.ticks + (below.get(process.pid) ?? []).reduce((total, child) => total + sum(child), 0);
  const top = processes.find((process) => process.pid === pid);
  return top ? sum(top) * msPerTick : 0;
};

type Stat = { pid: number; parent: number; ticks: number };

/** The command's name stands in parentheses and may hold anything; behind it are numbers alone. */
const readStat = (pid: string): Stat | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    return { pid: Number(pid), parent: Number(fields[1]), ticks };
  } catch {
    return undefined; // it has just ended
  }
};
