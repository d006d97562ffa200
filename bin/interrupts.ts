import { exitCodes } from "./failure.ts";

export type Interrupts = ReturnType<typeof listenForInterrupts>;

const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE"] as const;

/** npm and others pass Ctrl-C on to a command that the terminal has already told: that is not a second one. */
const sameOneMs = 300;

/** What asks the command to leave, instead of killing it: `first`, and `again` when it takes too long to somebody. */
export const listenForInterrupts = () => {
  const first = new AbortController();
  const again = new AbortController();
  let exitCode: number = exitCodes.interrupted;
  let firstAt = 0;
  const interrupt = (signal: NodeJS.Signals): void => {
    if (!first.signal.aborted) {
      firstAt = performance.now();
      if (signal === "SIGPIPE") exitCode = exitCodes.brokenPipe;
      first.abort();
    } else if (performance.now() - firstAt > sameOneMs) again.abort();
  };
  for (const signal of signals) process.on(signal, interrupt); // not once: the spinner's own handler kills where it is alone
  return {
    first: first.signal,
    again: again.signal,
    exitCode: () => exitCode,
    [Symbol.dispose](): void {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
};

/** A promise, for as long as nobody wants to leave. */
export const unless = async <Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> => {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const leave = () => reject(new Error("interrupted"));
  if (signal.aborted) leave();
  signal.addEventListener("abort", leave);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
};
