import { z } from "zod";
import { tokenCounts } from "./job.ts";

const count = z.int().nonnegative();

export const JobStats = z
  .object({
    id: z.string(),
    title: z.string().describe("How the prompt begins."),
    session_id: z.string(),
    caller: z.string().describe("Whose it is."),
    phase: z.enum(["pulling", "starting", "running"]),
    started_at: z.iso.datetime().nullable().describe("When its container began."),
    cpu_ms: count
      .nullable()
      .describe("CPU time of its container so far: of two answers the difference tells how busy it is."),
    memory_bytes: count.nullable().describe("What its container uses, without cached files."),
    memory_limit_bytes: count.nullable().describe("The limit that the kernel holds it to; null when there is none."),
    model: z.string().nullable(),
    ...tokenCounts,
  })
  .describe("cpu_ms and memory are null before its container runs, and where the kernel does not count them.")
  .meta({ id: "JobStats" });
export type JobStats = z.output<typeof JobStats>;

export const Stats = z
  .object({
    at: z.iso.datetime(),
    pending: count.describe("Jobs that wait for their turn."),
    jobs: z.array(JobStats).describe("Jobs at work, oldest first; the newest 500 at most."),
  })
  .meta({ id: "Stats" });
export type Stats = z.output<typeof Stats>;
