import type { Delivery, DeliveryStore, Due } from "../store/deliveries.ts";
import { createAttempt, defaultTroubleMs, type AttemptOptions } from "./attempt.ts";
import { patienceMs } from "./backoff.ts";

export type Outbox = ReturnType<typeof createOutbox>;

type UnderWay = Map<string, { host: string; done: Promise<void> }>;

const maxAtOnce = 16;
const maxAtOnceToOneHost = 4;
const pageSize = 2 * maxAtOnce; // more than can be under way, so that each full page has one to begin
/** Timers stand still while a machine sleeps, so none is trusted for long. */
const longestWaitMs = 60_000;

/**
 * Sends what the database says is due, at least once: first of all what a former daemon left. An attempt leaves its
 * mark only when it is over, so what is cut off is simply due again.
 */
export const createOutbox = (options: AttemptOptions) => {
  const { deliveries, log, now, troubleMs = defaultTroubleMs } = options;
  const stopping = new AbortController();
  const underWay: UnderWay = new Map();
  const attempt = createAttempt(options, stopping.signal);
  let timer: NodeJS.Timeout | undefined;

  const wait = (ms: number): void => {
    clearTimeout(timer);
    if (!stopping.signal.aborted) timer = setTimeout(sendDue, Math.min(ms, longestWaitMs)).unref();
  };
  const sendDue = (): void => {
    if (stopping.signal.aborted) return;
    const at = now();
    try {
      for (const delivery of startable(deliveries, underWay, at)) begin(delivery);
      const next = deliveries.nextDueAt(at); // what is due by now and has to wait begins when an attempt has ended
      if (next !== undefined) wait(next - at);
    } catch (error) {
      log.error({ err: error }, "the webhooks that are due cannot be read; trying again");
      wait(troubleMs);
    }
  };
  const begin = (delivery: Due): void => {
    const done = attempt(delivery).finally(() => {
      underWay.delete(delivery.id);
      sendDue();
    });
    underWay.set(delivery.id, { host: delivery.host, done });
  };
  const wake = (): void => wait(0); // not at once: the caller may be inside its transaction

  wake();
  return {
    /** Something may have fallen due. */
    wake,
    redeliver(id: string, owner?: string): Delivery | undefined {
      const at = now();
      const delivery = deliveries.redeliver({ id, at, giveUpAt: at + patienceMs, owner });
      if (delivery) wake();
      return delivery;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      clearTimeout(timer);
      await Promise.all([...underWay.values()].map(({ done }) => done));
    },
  };
};

/** What is due, the longest first; what goes to a host that is full is left out, so that a crowd for it hides no other. */
function* startable(deliveries: Pick<DeliveryStore, "due">, underWay: UnderWay, at: number): Generator<Due> {
  let page: Due[];
  do {
    page = deliveries.due(at, { limit: pageSize, except: fullHosts(underWay) });
    for (const delivery of page) {
      if (underWay.size >= maxAtOnce) return;
      if (!underWay.has(delivery.id) && !fullHosts(underWay).includes(delivery.host)) yield delivery;
    }
  } while (page.length === pageSize);
}

const fullHosts = (underWay: UnderWay): string[] =>
  [...Map.groupBy(underWay.values(), ({ host }) => host)]
    .filter(([, attempts]) => attempts.length >= maxAtOnceToOneHost)
    .map(([host]) => host);
