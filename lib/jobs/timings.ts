import type { HookState } from "../hooks/state.ts";
import type { Timings } from "../schema/job.ts";
import type { Job } from "../store/job-rows.ts";

type Times = { endedAt: number; hooks: HookState | undefined; firstTokenAt: number | null };

/** How long each phase of a run took, in milliseconds. Clocks may have stepped: none is below 0. Pure. */
export const timingsOf = (
  { createdAt, claimedAt, startedAt, pullMs }: Job,
  { endedAt, hooks: state, firstTokenAt }: Times,
): Timings => {
  const claimed = claimedAt ?? endedAt;
  const began = startedAt ?? endedAt;
  const whole = Math.max(0, endedAt - began);
  const hooks = Math.min(Math.max(0, hooksEndOf(state, endedAt) - began), whole);
  return {
    queue: Math.max(0, claimed - createdAt),
    ...(pullMs !== null && { pull: pullMs }),
    create: Math.max(0, began - claimed - (pullMs ?? 0)),
    hooks,
    agent: whole - hooks,
    first_token: firstTokenAt === null ? null : Math.max(0, firstTokenAt - began - hooks),
  };
};

/** How long a job has had its image pulled by now, since its turn came. Pure. */
export const pullMsOf = ({ claimedAt }: Pick<Job, "claimedAt">, now: number): number =>
  Math.max(0, now - (claimedAt ?? now));

/** When the agent began; at the end of a run whose agent did not. */
const hooksEndOf = (state: HookState | undefined, endedAt: number): number => {
  if (!state) return 0;
  return state.state === "done" ? (state.at ?? 0) : endedAt;
};
