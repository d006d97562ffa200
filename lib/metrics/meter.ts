import type { ApiRequest } from "../store/api-requests.ts";
import type { Ending } from "../store/job-rows.ts";

export type Answered = { method: string; route: string; status: number; seconds: number };
type Called = { verb: string; failed: boolean; seconds: number };

/** What happens that is worth counting. */
export type Meter = {
  jobEnded: (ending: Pick<Ending, "outcome" | "timings" | "usage">) => void;
  modelAnswered: (request: Pick<ApiRequest, "status" | "firstByteMs" | "durationMs">) => void;
  /** The model API could not be reached, or broke off. */
  modelFailed: () => void;
  httpAnswered: (answered: Answered) => void;
  podmanCalled: (called: Called) => void;
};

/** Counts nothing. */
export const silent: Meter = {
  jobEnded: () => {},
  modelAnswered: () => {},
  modelFailed: () => {},
  httpAnswered: () => {},
  podmanCalled: () => {},
};
