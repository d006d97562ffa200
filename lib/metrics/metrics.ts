import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { Outcome, type Timings, type Usage } from "../schema/job.ts";
import type { Meter } from "./meter.ts";

type Options = {
  version: string;
  /** How many jobs are in which state now, those that have ended left out. */
  openJobs: () => Readonly<Record<string, number>>;
};

export type Metrics = ReturnType<typeof createMetrics>;

const quick = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30];
const slow = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

/**
 * Counts for Prometheus. Every label has few values, all of them ours: never a caller's, an image's or a path's name, for
 * each new value would stay for as long as the daemon runs.
 */
export const createMetrics = ({ version, openJobs }: Options) => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const info = new Gauge({ name: "stromboli_info", help: "The daemon's version.", labelNames: ["version"], registers });
  info.set({ version }, 1);
  registry.registerMetric(openGauge(openJobs));
  const meter: Meter = { ...jobMeter(registers), ...modelMeter(registers), ...callMeter(registers) };
  return { meter, contentType: registry.contentType, text: () => registry.metrics() };
};

const openGauge = (openJobs: Options["openJobs"]) =>
  new Gauge({
    name: "stromboli_jobs",
    help: "Jobs that have not ended, by state.",
    labelNames: ["state"],
    registers: [],
    collect() {
      for (const [state, count] of Object.entries({ pending: 0, starting: 0, running: 0, ...openJobs() }))
        this.set({ state }, count);
    },
  });

const jobMeter = (registers: Registry[]): Pick<Meter, "jobEnded"> => {
  const ended = new Counter({
    name: "stromboli_jobs_ended_total",
    help: "Jobs that have ended, by outcome.",
    labelNames: ["outcome"],
    registers,
  });
  for (const outcome of Outcome.options) ended.inc({ outcome }, 0); // else rate() would not see the first of a kind
  const phases = new Histogram({
    name: "stromboli_job_phase_seconds",
    help: "How long jobs that have ended were in each phase; first_token counts from the agent's start.",
    labelNames: ["phase"],
    buckets: slow,
    registers,
  });
  const tokens = new Counter({
    name: "stromboli_tokens_total",
    help: "Tokens of jobs that have ended.",
    labelNames: ["kind"],
    registers,
  });
  const cost = new Counter({
    name: "stromboli_cost_usd_total",
    help: "What jobs that have ended cost, as the CLI estimates it.",
    registers,
  });
  return {
    jobEnded({ outcome, timings, usage }) {
      ended.inc({ outcome });
      for (const [phase, ms] of phasesOf(timings)) phases.observe({ phase }, ms / 1000);
      if (!usage) return;
      for (const [kind, count] of kindsOf(usage)) tokens.inc({ kind }, count);
      cost.inc(usage.estimated_cost_usd);
    },
  };
};

const phasesOf = (timings: Timings): [string, number][] =>
  Object.entries(timings).flatMap(([phase, ms]) => (typeof ms === "number" ? [[phase, ms]] : []));

const kindsOf = (usage: Usage): [string, number][] => [
  ["input", usage.input_tokens],
  ["output", usage.output_tokens],
  ["cache_creation", usage.cache_creation_input_tokens],
  ["cache_read", usage.cache_read_input_tokens],
];

const modelMeter = (registers: Registry[]): Pick<Meter, "modelAnswered" | "modelFailed"> => {
  const whole = new Histogram({
    name: "stromboli_model_request_seconds",
    help: "How long requests of agents to the model API took, by status.",
    labelNames: ["status"],
    buckets: slow,
    registers,
  });
  const firstByte = new Histogram({
    name: "stromboli_model_first_byte_seconds",
    help: "How long the model API took to begin its answers.",
    buckets: slow,
    registers,
  });
  const failures = new Counter({
    name: "stromboli_model_failures_total",
    help: "Requests of agents for which the model API could not be reached, or broke off.",
    registers,
  });
  return {
    modelAnswered({ status, firstByteMs, durationMs }) {
      whole.observe({ status: String(status) }, durationMs / 1000);
      if (firstByteMs !== null) firstByte.observe(firstByteMs / 1000);
    },
    modelFailed: () => failures.inc(),
  };
};

const callMeter = (registers: Registry[]): Pick<Meter, "httpAnswered" | "podmanCalled"> => {
  const http = new Histogram({
    name: "stromboli_http_request_seconds",
    help: "How long requests took to the head of their answer; streams go on after it.",
    labelNames: ["method", "route", "status"],
    buckets: quick,
    registers,
  });
  const podman = new Histogram({
    name: "stromboli_podman_call_seconds",
    help: "How long calls of podman took.",
    labelNames: ["verb", "result"],
    buckets: quick,
    registers,
  });
  return {
    httpAnswered: ({ seconds, status, ...labels }) => http.observe({ ...labels, status: String(status) }, seconds),
    podmanCalled: ({ verb, failed, seconds }) => podman.observe({ verb, result: failed ? "failed" : "ok" }, seconds),
  };
};
