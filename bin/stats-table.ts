import { styleText } from "node:util";
import type { JobStats, Stats } from "../lib/schema/stats.ts";
import { dim, minutes } from "./closing.ts";
import { table } from "./table.ts";
import { shownTitle } from "./title.ts";
import { tokens } from "./usage-table.ts";

export type MeasuredStats = Omit<Stats, "jobs"> & { jobs: (JobStats & { cpu_percent: number | null })[] };

/** How busy each job was between two looks, 100 being one core; null for one that was not there at the first. */
export const measure = (before: Stats | undefined, now: Stats): MeasuredStats => {
  const earlier = new Map(before?.jobs.map(({ id, cpu_ms }) => [id, cpu_ms]));
  const passedMs = before ? Date.parse(now.at) - Date.parse(before.at) : 0;
  const percentOf = ({ id, cpu_ms: used }: JobStats): number | null => {
    const then = earlier.get(id) ?? null;
    if (used === null || then === null || passedMs <= 0) return null;
    return Math.max(0, Math.round((1000 * (used - then)) / passedMs) / 10);
  };
  return { ...now, jobs: now.jobs.map((job) => ({ ...job, cpu_percent: percentOf(job) })) };
};

/** One frame: the jobs at work, as many as there are lines for, and below them how many there are. */
export const statsTable = (
  { at, pending, jobs }: MeasuredStats,
  stdout: NodeJS.WriteStream,
  rows = Infinity,
): string => {
  const shown = jobs.slice(0, Math.max(1, rows - 2)); // the head, and the line below
  const frame = table(
    [
      { title: "ID", cells: shown.map(({ id }) => id) },
      {
        title: "CPU",
        cells: shown.map(({ cpu_percent: cpu }) => (cpu === null ? "-" : `${cpu.toFixed(0)}%`)),
        right: true,
      },
      {
        title: "MEMORY",
        cells: shown.map(memoryOf),
        right: true,
        paint: (cell) => paintMemory(cell, stdout),
      },
      { title: "TIME", cells: shown.map((job) => timeOf(job, at)), right: true },
      { title: "TOKENS", cells: shown.map(({ total_tokens }) => tokens(total_tokens)), right: true, optional: true },
      { title: "MODEL", cells: shown.map(({ model }) => model ?? "-"), optional: true },
      { title: "PROMPT", cells: shown.map(({ title }) => shownTitle(title)) },
    ],
    stdout,
  );
  const hidden = jobs.length - shown.length;
  const counts = [`${jobs.length} at work`, `${pending} waiting`, ...(hidden > 0 ? [`${hidden} not shown`] : [])];
  return `${frame}\n${dim(counts.join(" · "), stdout)}`;
};

const mebibytes = (bytes: number): string => String(Math.round(bytes / 2 ** 20));

const memoryOf = ({ memory_bytes: used, memory_limit_bytes: limit }: JobStats): string => {
  if (used === null) return "-";
  return `${mebibytes(used)}${limit === null ? "" : `/${mebibytes(limit)}`} MiB`;
};

const paintMemory = (cell: string, stdout: NodeJS.WriteStream): string => {
  const [used = 0, limit = Infinity] = cell.split("/").map(Number.parseFloat);
  return used / limit < 0.9 ? cell : styleText("red", cell, { stream: stdout });
};

const timeOf = ({ phase, started_at }: JobStats, at: string): string =>
  started_at === null ? phase : minutes(Math.max(0, Date.parse(at) - Date.parse(started_at)));
