import type { LookupFunction } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { messageOf } from "../errors.ts";
import { withoutUndefined } from "../given.ts";
import type { Log } from "../log.ts";
import type { Config } from "../schema/config.ts";
import type { DeliveryStore, Due } from "../store/deliveries.ts";
import { retryDelayMs } from "./backoff.ts";
import { createSender, type Reply } from "./send.ts";
import { judge, type Settled, type Verdict } from "./verdict.ts";

export type AttemptOptions = {
  deliveries: DeliveryStore;
  /** The body about a job that has ended; undefined when the job is gone. */
  bodyOf: (jobId: string) => Promise<string | undefined>;
  /** Headers that tell where the job stands in a trace. */
  traceOf?: (jobId: string) => Record<string, string>;
  config: Config["webhooks"];
  log: Log;
  now: () => number;
  /** How long to wait after so many attempts. */
  delayMs?: (attempts: number) => number;
  lookup?: LookupFunction;
  /** How long to wait when the database fails. */
  troubleMs?: number;
};

export const defaultTroubleMs = 5_000;

/** One attempt, from the body to what is written down of its outcome; it never rejects. */
export const createAttempt = (options: AttemptOptions, stop: AbortSignal) => {
  const {
    deliveries,
    bodyOf,
    traceOf = () => ({}),
    config,
    log,
    now,
    delayMs = retryDelayMs,
    troubleMs = defaultTroubleMs,
  } = options;
  const send = createSender({ config, now, ...withoutUndefined({ lookup: options.lookup }) });

  const replyTo = async ({ id, url, jobId }: Due): Promise<Reply> => {
    try {
      const body = await bodyOf(jobId);
      return body === undefined
        ? { kind: "hopeless", error: "the job is gone" }
        : await send({ id, url, body, trace: traceOf(jobId) }, stop);
    } catch (error) {
      return { kind: "unanswered", error: `it could not be sent: ${messageOf(error)}` };
    }
  };
  const settle = ({ id, jobId, url }: Due, reply: Settled, at: number): void => {
    const row = deliveries.find(id); // as it is by now: a redelivery may have given it more time
    if (row?.state !== "pending") return; // pruned with its job
    const attempts = row.attempts + 1;
    const verdict = judge(reply, { at, delayMs: delayMs(attempts), giveUpAt: row.giveUpAt });
    write(deliveries, { id, at, verdict });
    const { message, level } = lines[verdict.state];
    log[level]({ delivery: id, job: jobId, host: URL.parse(url)?.host, attempts, ...verdict }, message);
  };

  return async (due: Due): Promise<void> => {
    const reply = await replyTo(due);
    if (reply.kind === "interrupted") return;
    const at = now();
    while (true) {
      try {
        settle(due, reply, at);
        return;
      } catch (error) {
        log.error({ delivery: due.id, err: error }, "what became of a webhook cannot be written down; trying again");
      }
      if (await pause(troubleMs, false, { signal: stop, ref: false }).catch(() => true)) return;
    }
  };
};

const lines = {
  delivered: { level: "info", message: "webhook delivered" },
  pending: { level: "warn", message: "webhook not delivered; it will be tried again" },
  failed: { level: "warn", message: "webhook given up" },
} as const;

const write = (deliveries: DeliveryStore, { id, at, verdict }: { id: string; at: number; verdict: Verdict }): void => {
  switch (verdict.state) {
    case "delivered":
      deliveries.delivered(id, { at, ...verdict });
      break;
    case "pending":
      deliveries.retry(id, { at, ...verdict });
      break;
    case "failed":
      deliveries.failed(id, { at, ...verdict });
  }
};
