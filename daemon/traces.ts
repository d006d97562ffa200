import { StromboliError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Config } from "../lib/schema/config.ts";
import type { Stores } from "../lib/store/stores.ts";
import { untraced, type Traces } from "../lib/traces/traces.ts";
import { version } from "../lib/version.ts";

type Options = Pick<Stores, "jobs" | "requests" | "jobTraces"> & { config: Config; env: NodeJS.ProcessEnv; log: Log };

/** Traces, where they are on: OpenTelemetry takes memory that a daemon without them need not have. */
export const loadTraces = async ({ config, env, ...deps }: Options, stack: AsyncDisposableStack): Promise<Traces> => {
  const { endpoint, ratio } = config.traces;
  if (endpoint === "off" || (endpoint === "auto" && !isNamed(env))) return untraced;
  const { createTracer } = await import("../lib/traces/tracer.ts");
  const url = endpoint === "auto" ? undefined : `${endpoint.replace(/\/$/, "")}/v1/traces`;
  const tracer = stack.use(createTracer({ ...deps, url, ratio, version, now: Date.now }));
  deps.log.info({ endpoint: endpoint === "auto" ? "as OTEL_EXPORTER_OTLP_ENDPOINT says" : endpoint }, "traces");
  return tracer;
};

/** Whether OpenTelemetry's own variables name a receiver; the exporter reads them anew. */
const isNamed = (env: NodeJS.ProcessEnv): boolean => {
  if (env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true" || env["OTEL_TRACES_EXPORTER"] === "none") return false;
  const name = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"].find((each) => env[each]?.trim());
  if (name === undefined) return false;
  if (/^https?:$/.test(URL.parse(env[name] ?? "")?.protocol ?? "")) return true;
  throw new StromboliError("config_invalid", `${name} is no http or https URL; mend it, or set traces.endpoint to off`);
};
