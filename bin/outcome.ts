import type { Outcome } from "../lib/schema/job.ts";
import { exitCodes } from "./failure.ts";

/** With what a command ends that waited for a run. */
export const exitCodeOf = (outcome: Outcome): number => exits[outcome] ?? exitCodes.failed;

/** What is missing here has failed. */
export const exits: Partial<Record<Outcome, number>> = {
  succeeded: 0,
  timed_out: exitCodes.timedOut,
  stalled: exitCodes.timedOut,
  oom_killed: exitCodes.killed,
  killed: exitCodes.killed,
  output_limit: exitCodes.killed,
  cancelled: exitCodes.interrupted,
  start_failed: exitCodes.unreachable,
};
