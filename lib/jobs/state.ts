/** The life of a job. Every change of a row's state is one of these moves, as one conditional UPDATE. */
export const moves = {
  /** The container runs. */
  started: { from: ["starting"], to: "running" },
  /** The outcome is known. */
  ended: { from: ["pending", "starting", "running"], to: "ended" },
} as const satisfies Record<string, { from: readonly string[]; to: string }>;

export type Move = keyof typeof moves;
export type JobState = (typeof moves)[Move]["from"][number] | (typeof moves)[Move]["to"];
