import type { Reply } from "./send.ts";

/** How an attempt ended that was not cut off. */
export type Settled = Exclude<Reply, { kind: "interrupted" }>;

export type Verdict =
  | { state: "delivered"; status: number }
  | { state: "pending"; status: number | null; error: string; nextAttemptAt: number }
  | { state: "failed"; status: number | null; error: string };

/** What a delivery comes to after an attempt that ended at a time. The last attempt is made when patience ends. */
export const judge = (
  reply: Settled,
  { at, delayMs, giveUpAt }: { at: number; delayMs: number; giveUpAt: number },
): Verdict => {
  if (reply.kind === "answered" && isSuccess(reply.status)) return { state: "delivered", status: reply.status };
  const failure =
    reply.kind === "answered"
      ? { status: reply.status, error: meaningOf(reply.status) }
      : { status: null, error: reply.error };
  if (reply.kind === "hopeless" || failure.status === gone || at >= giveUpAt) return { state: "failed", ...failure };
  return { state: "pending", ...failure, nextAttemptAt: Math.min(at + delayMs, giveUpAt) };
};

const gone = 410;

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

const meaningOf = (status: number): string => {
  if (status === gone) return `answered ${status}: it wants no more of this`;
  return status >= 300 && status < 400 ? `answered ${status}; redirects are not followed` : `answered ${status}`;
};
