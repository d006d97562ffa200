import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import type { z } from "zod";
import type { Config } from "../../lib/schema/config.ts";
import { openDatabase } from "../../lib/store/database.ts";
import { createDeliveryStore, type Delivery, type DeliveryState } from "../../lib/store/deliveries.ts";
import { createJobStore } from "../../lib/store/jobs.ts";
import type { AttemptOptions } from "../../lib/webhooks/attempt.ts";
import { patienceMs } from "../../lib/webhooks/backoff.ts";
import { createOutbox } from "../../lib/webhooks/outbox.ts";
import { until } from "../e2e/wait.ts";
import { configOf, memoryLog, newJob } from "../harness.ts";

/** Answers a request that has been read. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;
type Received = { method: string; url: string; headers: IncomingHttpHeaders; body: string };

/** An HTTP server on loopback that keeps what it receives, whole, before it answers. */
export const startReceiver = async (
  t: TestContext,
  answer: Answer = (_, response) => void response.end("thank you"),
  port = 0,
) => {
  const received: Received[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = "", url = "", headers } = request;
    const body = await text(request).catch(() => "cut off");
    received.push({ method, url, headers, body });
    answer(request, response);
  };
  const server = createServer((request, response) => void receive(request, response)).listen(port, "127.0.0.1");
  const close = () => closed(server);
  t.after(close);
  await once(server, "listening");
  const address = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
  return {
    url: `http://127.0.0.1:${address.port}/hook?token=hush`,
    port: address.port,
    received,
    close,
    has: (count: number) => until(`${count} requests`, () => received.length >= count),
  };
};

const closed = (server: Server): Promise<void> =>
  new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });

/** Answers with these statuses in turn, and with the last one from then on. */
export const statuses = (...codes: readonly number[]): Answer => {
  let count = 0;
  return (_, response) => void response.writeHead(codes[Math.min(count++, codes.length - 1)] ?? 200).end();
};

export const never: Answer = () => {};

/** Real stores, and outboxes that are closed before them; retries come after a moment. */
export const openWebhooks = (t: TestContext) => {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const db = stack.adopt(openDatabase(":memory:"), (open) => void open.close());
  const [jobs, deliveries] = [createJobStore(db), createDeliveryStore(db)];
  const { log, lines } = memoryLog();
  const clock = { aheadMs: 0 };
  const now = () => Date.now() + clock.aheadMs;

  return {
    db,
    deliveries,
    lines,
    clock,
    /** A job that has ended, and its delivery. */
    insert: (url: string, id: string = crypto.randomUUID()): string => {
      const job = newJob();
      jobs.insert(job);
      deliveries.insert({ id, jobId: job.id, url, createdAt: now(), giveUpAt: now() + patienceMs });
      return id;
    },
    open: ({ config, ...options }: OutboxOptions = {}) =>
      stack.use(
        createOutbox({
          deliveries,
          bodyOf: (jobId) => Promise.resolve(JSON.stringify({ job_id: jobId, output: "grüße 🦊" })),
          config: configOf({ webhooks: { allow_private: true, ...config } }).webhooks,
          log,
          now,
          delayMs: () => 20,
          troubleMs: 20,
          ...options,
        }),
      ),
    becomes: (id: string, state: DeliveryState): Promise<Delivery> =>
      until(`a webhook that is ${state}`, () => {
        const delivery = deliveries.find(id);
        return delivery?.state === state && delivery;
      }),
    /** Its row once so many attempts are over. */
    attempted: (id: string, count: number): Promise<Delivery> =>
      until(`${count} attempts`, () => {
        const delivery = deliveries.find(id);
        return delivery !== undefined && delivery.attempts >= count && delivery;
      }),
  };
};
type OutboxOptions = Partial<Omit<AttemptOptions, "config">> & { config?: z.input<typeof Config>["webhooks"] };
