import { isAway, isUnreachable } from "./error.ts";

export type PatienceOptions = {
  firstPauseMs?: number;
  longestPauseMs?: number;
  giveUpAfterMs?: number;
  signal?: AbortSignal;
};

/** How long a daemon is waited for that was there and may come back: pauses grow, and end after too long without it. */
export const createPatience = (options: PatienceOptions = {}) => {
  const { firstPauseMs = 100, longestPauseMs = 2000, giveUpAfterMs = 60_000, signal } = options;
  let pauseMs = firstPauseMs;
  let awaySince: number | undefined;
  const bears = (error: unknown): boolean =>
    (error instanceof Lost || isAway(error) || isUnreachable(error)) && !signal?.aborted;
  return {
    /** It answers. Pauses stay as long as they are: it may do no more than that. */
    answered: (): void => {
      awaySince = undefined;
    },
    /** It gave what was asked for. */
    served: (): void => {
      awaySince = undefined;
      pauseMs = firstPauseMs;
    },
    /** Whether to go on after an error: only when it is the connection that failed, and nobody wants to leave. */
    bears,
    /** Throws after an error after which not to go on; who wants to leave gets the reason for that. */
    bear: (error: unknown): void => {
      signal?.throwIfAborted();
      if (!bears(error)) throw error;
    },
    /** Pauses before the next try; false when there have been tries enough. */
    async lasts(): Promise<boolean> {
      awaySince ??= performance.now();
      if (performance.now() + pauseMs - awaySince > giveUpAfterMs) return false;
      await pause(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      return true;
    },
  };
};

/** Sends until there is an answer. Only for what may arrive twice. */
export const patiently = async <Answer>(
  send: () => Promise<Answer>,
  options: PatienceOptions = {},
): Promise<Answer> => {
  const patience = createPatience(options);
  for (;;) {
    try {
      return await send();
    } catch (error) {
      patience.bear(error);
      if (!(await patience.lasts())) throw error;
    }
  }
};

/** An answer that is none: the daemon is being stopped, or there is only a proxy in front of it. */
class Lost extends Error {
  override readonly name = "Lost";
}

/** Throws {@link Lost} for an answer after which it is worth trying again. */
export const checkPresence = async (answer: { status: number; text: () => Promise<string> }): Promise<void> => {
  if (away.has(answer.status)) throw new Lost(await answer.text());
};

const away = new Set([502, 503, 504]);

/** A pause that a signal ends early, by throwing its reason. */
const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(done, ms);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error); // an error, unless its owner gave another reason
    };
    signal?.addEventListener("abort", stop, { once: true });
    function done() {
      signal?.removeEventListener("abort", stop);
      resolve();
    }
  });
