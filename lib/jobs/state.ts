/** The life of a job. Every change of a row's state is one of these moves, as one conditional UPDATE. */
export const moves = {
  /** Its turn has come; Podman may be called from here on. */
  claimed: { from: ["pending"], to: "starting" },
  /** The container runs. */
  started: { from: ["starting"], to: "running" },
  /** The outcome is known. */
  ended: { from: ["pending", "starting", "running"], to: "ended" },
} as const satisfies Record<string, { from: readonly string[]; to: string }>;

export type Move = keyof typeof moves;
export type JobState = (typeof moves)[Move]["from"][number] | (typeof moves)[Move]["to"];

/** Why a job is ended before its agent ends by itself; `finished`: it gave its result and idles. */
export type StopReason = "timed_out" | "hooks_timed_out" | "cancelled" | "stalled" | "output_limit" | "finished";
