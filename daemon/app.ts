import { OpenAPIHono } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { getPath } from "hono/utils/url";
import type { Audit } from "../lib/audit.ts";
import type { ApiTokens } from "../lib/auth/api-tokens.ts";
import type { Auth } from "../lib/auth/auth.ts";
import type { Conversations } from "../lib/conversations.ts";
import type { Credential } from "../lib/credentials.ts";
import { StromboliError } from "../lib/errors.ts";
import type { Health } from "../lib/health.ts";
import type { Catalogue } from "../lib/images.ts";
import type { Runner } from "../lib/jobs/runner.ts";
import type { StatsOf } from "../lib/jobs/stats.ts";
import type { Views } from "../lib/jobs/views.ts";
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/metrics/meter.ts";
import type { Retention } from "../lib/retention/retention.ts";
import type { Config } from "../lib/schema/config.ts";
import type { Secrets } from "../lib/secrets.ts";
import type { DeliveryStore } from "../lib/store/deliveries.ts";
import type { Traces } from "../lib/traces/traces.ts";
import type { Usages } from "../lib/usage.ts";
import { cliVersion } from "../lib/version.ts";
import type { Outbox } from "../lib/webhooks/outbox.ts";
import type { Collector } from "./garbage.ts";
import { refuseBrowsers } from "./middleware/browser.ts";
import { record } from "./middleware/audit.ts";
import { authenticate } from "./middleware/caller.ts";
import { answerError } from "./middleware/errors.ts";
import { createLimits } from "./middleware/limits.ts";
import { measure } from "./middleware/measure.ts";
import { assumeJson, identify, type Variables } from "./middleware/request.ts";
import { locate } from "./middleware/source.ts";
import { trace } from "./middleware/trace.ts";
import { auditRoutes } from "./routes/audit.ts";
import { authRoutes } from "./routes/auth.ts";
import { documentRoutes } from "./routes/document.ts";
import { healthRoutes } from "./routes/health.ts";
import { imageRoutes } from "./routes/images.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { pageRoutes } from "./routes/page.ts";
import { pruneRoutes } from "./routes/prune.ts";
import { runRoutes } from "./routes/run.ts";
import { secretRoutes } from "./routes/secrets.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { statsRoutes } from "./routes/stats.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { usageRoutes } from "./routes/usage.ts";
import { webhookRoutes } from "./routes/webhooks.ts";

export type App = ReturnType<typeof createApp>;
export type AppDeps = {
  config: Config;
  auth: Auth;
  audit: Audit;
  secrets: Secrets;
  catalogue: Catalogue;
  conversations: Conversations;
  apiTokens: ApiTokens;
  runner: Runner;
  views: Views;
  outbox: Pick<Outbox, "redeliver">;
  deliveries: DeliveryStore;
  retention: Pick<Retention, "prune">;
  usages: Usages;
  statsOf: StatsOf;
  health: Health;
  credential: () => Credential | undefined;
  log: Log;
  collector: Pick<Collector, "passOn">;
  meter: Pick<Meter, "httpAnswered">;
  traces: Pick<Traces, "begin">;
};

const maxBodyBytes = 10 * 1024 * 1024;

/** The HTTP API. Pure wiring: nothing opens here. */
export const createApp = ({ config, health, credential, log, ...deps }: AppDeps) => {
  const { claude, server } = config;
  const app = new OpenAPIHono<Variables>({ getPath: (request) => inOneSegment(getPath(request)) });
  app.onError(answerError(log));
  app.notFound((c) => {
    throw new StromboliError("not_found", `there is no ${c.req.method} ${c.req.path}; see GET /openapi.json`);
  });
  const limits = createLimits(config.rate_limits, { monotonic: () => performance.now(), now: Date.now });
  app.use(measure(deps.meter));
  app.use(trace(deps.traces));
  app.use(identify(log));
  app.use(locate(server.trusted_proxies));
  app.use(record(deps.audit, { log, now: Date.now }));
  app.use(refuseBrowsers({ allowedHosts: server.allowed_hosts, corsOrigins: server.cors_origins }));
  if (server.cors_origins.length > 0) app.use(cors({ origin: server.cors_origins }));
  app.use(limits.ofStrangers);
  app.use(authenticate({ ...deps.auth, ...limits }, config));
  app.use(limits.ofCallers);
  app.use(bodyLimit({ maxSize: maxBodyBytes, onError: tooLarge }));
  app.use(assumeJson);
  app.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  return app
    .route("/", healthRoutes({ health, credential, installedCli: claude.binary ? "unknown" : cliVersion }))
    .route("/", runRoutes(deps))
    .route("/", jobRoutes(deps))
    .route("/", webhookRoutes(deps))
    .route("/", pruneRoutes(deps))
    .route("/", usageRoutes(deps))
    .route("/", statsRoutes(deps))
    .route("/", authRoutes({ ...deps, limits }))
    .route("/", tokenRoutes(deps))
    .route("/", secretRoutes(deps))
    .route("/", sessionRoutes(deps))
    .route("/", imageRoutes(deps))
    .route("/", auditRoutes(deps))
    .route("/", pageRoutes())
    .route("/", documentRoutes(app));
};

/** The name of an image holds slashes, which a parameter of a path does not. */
const inOneSegment = (path: string): string =>
  path.startsWith(images) ? images + path.slice(images.length).replaceAll("/", "%2F") : path;

const images = "/images/";

const tooLarge = (): never => {
  throw new StromboliError("payload_too_large", `the body is larger than ${maxBodyBytes} bytes`);
};
