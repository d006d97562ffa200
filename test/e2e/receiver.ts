import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { WebhookBody } from "../../lib/schema/webhook.ts";
import type { Owner } from "./harness.ts";
import { until } from "./wait.ts";

export type Received = { at: number; headers: IncomingHttpHeaders; raw: string; body: WebhookBody };

/** A receiver of webhooks on loopback; `port` to take the place of one that is closed. */
export const startReceiver = async (t: Owner, { port: wanted = 0, status = 204 } = {}) => {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const receive = async () => {
      const raw = await text(request);
      received.push({ at: Date.now(), headers: request.headers, raw, body: WebhookBody.parse(JSON.parse(raw)) });
      response.writeHead(status).end();
    };
    void receive();
  });
  await once(server.listen(wanted, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
  const close = async () => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  t.after(close);
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    close,
    received,
    /** All that came about a job, once there is something. */
    about: (job: string, withinMs?: number) =>
      until(
        `a webhook of ${job}`,
        () => {
          const some = received.filter(({ body }) => body.job_id === job);
          return some.length > 0 && some;
        },
        withinMs,
      ),
  };
};

/** Whether a message is signed with a secret, as a receiver would find out. */
export const isSigned = ({ headers, raw }: Received, secret: string): boolean => {
  const timestamp = String(headers["x-stromboli-timestamp"]);
  const hex = createHmac("sha256", secret).update(`${timestamp}.${raw}`).digest("hex");
  const fresh = Math.abs(Date.now() / 1000 - Number(timestamp)) < 300;
  return fresh && headers["x-stromboli-signature"] === `sha256=${hex}`;
};
