import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { silent } from "../lib/metrics/meter.ts";
import type { Metrics } from "../lib/metrics/metrics.ts";
import type { Config } from "../lib/schema/config.ts";
import type { JobStore } from "../lib/store/jobs.ts";
import { version } from "../lib/version.ts";
import { refuseBrowsers } from "./middleware/browser.ts";
import { answerError } from "./middleware/errors.ts";
import { requestLimits } from "./serve.ts";

type Options = { config: Config; log: Log; jobs: Pick<JobStore, "openByState"> };

/** Counting, where it is on: prom-client takes memory that a daemon without it need not have. */
export const loadMetrics = async ({ config, log, jobs }: Options, stack: AsyncDisposableStack) => {
  if (config.metrics.listen === "off") return { meter: silent, listen: () => Promise.resolve() };
  const { createMetrics } = await import("../lib/metrics/metrics.ts");
  const metrics = createMetrics({ version, openJobs: jobs.openByState });
  return { meter: metrics.meter, listen: () => listen(metricsApp(metrics, { config, log }), { config, log }, stack) };
};

/** `GET /metrics`, on a listener of its own. */
const metricsApp = ({ text, contentType }: Metrics, { config, log }: Pick<Options, "config" | "log">) => {
  const app = new Hono();
  app.onError(answerError(log));
  app.use(refuseBrowsers({ allowedHosts: config.server.allowed_hosts, corsOrigins: [] }));
  return app.get("/metrics", async (c) => c.body(await text(), 200, { "Content-Type": contentType }));
};

/** An address that is taken, by another daemon say, is no reason to run no agents: then it is done without. */
const listen = async (
  app: ReturnType<typeof metricsApp>,
  { config, log }: Pick<Options, "config" | "log">,
  stack: AsyncDisposableStack,
): Promise<void> => {
  const answer = getRequestListener(app.fetch);
  const server = createServer(requestLimits, (request, response) => void answer(request, response));
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(config.metrics.listen) ?? [];
  try {
    await once(server.listen(Number(port), host.replace(/^\[(.*)\]$/, "$1")), "listening");
    const { port: got } = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
    log.info({ url: `http://${host}:${got}/metrics` }, "metrics");
  } catch (error) {
    log.warn({ error: messageOf(error) }, "there are no metrics; set metrics.listen to an address that is free");
  }
};
