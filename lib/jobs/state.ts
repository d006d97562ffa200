/** The life of a job. Every move of a row goes through this table, as one conditional UPDATE. */
export const moves = {
  /** The container runs. */
  started: { from: ["starting"], to: "running" },
  /** The outcome is known. */
  ended: { from: ["starting", "running"], to: "ended" },
} as const;

export type Move = keyof typeof moves;
export type JobState = "starting" | "running" | "ended";
