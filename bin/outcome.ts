import type { Outcome } from "../lib/schema/job.ts";
import { exitCodes } from "./failure.ts";

/** With what a command ends that waited for a run. What only a newer daemon knows has failed. */
export const exitCodeOf = (outcome: Outcome): number => exits[outcome] ?? exitCodes.failed;

const exits: Readonly<Record<string, number>> = {
  succeeded: 0,
  agent_error: exitCodes.failed,
  api_error: exitCodes.failed,
  max_turns: exitCodes.failed,
  budget: exitCodes.failed,
  hook_failed: exitCodes.failed,
  lost: exitCodes.failed,
  timed_out: exitCodes.timedOut,
  stalled: exitCodes.timedOut,
  oom_killed: exitCodes.killed,
  killed: exitCodes.killed,
  output_limit: exitCodes.killed,
  cancelled: exitCodes.interrupted,
  start_failed: exitCodes.unreachable,
} satisfies Record<Outcome, number>;

export const allOutcomes = Object.keys(exits) as Outcome[]; // `satisfies` has all of them there
