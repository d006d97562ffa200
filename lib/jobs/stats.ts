import { ownerFor, type Caller } from "../auth/caller.ts";
import { consumptionOf, type Consumption } from "../podman/cgroup.ts";
import type { Containers } from "../podman/containers.ts";
import type { JobStats, Stats } from "../schema/stats.ts";
import type { ApiRequestStore } from "../store/api-requests.ts";
import type { JobLister } from "../store/job-list.ts";
import type { Job } from "../store/job-rows.ts";
import type { JobStore } from "../store/jobs.ts";
import { phaseOf } from "./report.ts";

type Deps = {
  jobs: Pick<JobStore, "pending">;
  list: JobLister;
  requests: Pick<ApiRequestStore, "totals">;
  containers: Pick<Containers, "states">;
  /** Marks the containers that are ours. */
  label: string;
  now: () => number;
  consumption?: (pid: number) => Consumption;
};
export type StatsOf = ReturnType<typeof createStats>;

const most = 500;
const unknown: Consumption = { cpuMs: null, memoryBytes: null, memoryLimitBytes: null };

/** What the jobs at work use, as of now: of a caller's own, or for an admin of all. Nothing is looked at before somebody asks. */
export const createStats = ({ jobs, list, requests, containers, label, now, consumption = consumptionOf }: Deps) => {
  let pids = new Map<string, number>();

  /** Podman takes its time, so it is asked only about containers that nobody has seen yet. */
  const findPids = async (running: readonly Job[]): Promise<void> => {
    if (running.every(({ container }) => pids.has(container))) return;
    const states = await containers.states(label);
    pids = new Map([...states].filter(([, { pid }]) => pid > 0).map(([name, { pid }]) => [name, pid]));
  };

  const statsOf = (job: Job): JobStats => {
    const pid = pids.get(job.container);
    const { cpuMs, memoryBytes, memoryLimitBytes } = pid === undefined ? unknown : consumption(pid);
    const phase = phaseOf(job);
    return {
      id: job.id,
      title: job.title,
      session_id: job.sessionId,
      caller: job.owner,
      phase: phase === "pulling" || phase === "starting" ? phase : "running",
      started_at: job.startedAt === null ? null : new Date(job.startedAt).toISOString(),
      cpu_ms: cpuMs,
      memory_bytes: memoryBytes,
      memory_limit_bytes: memoryLimitBytes,
      ...(requests.totals(job.id) ?? noTokens),
    };
  };

  return async (caller: Caller): Promise<Stats> => {
    const owner = ownerFor(caller);
    const found = list({ status: "running", limit: most }, owner).jobs;
    await findPids(found.filter(({ state }) => state === "running"));
    return {
      at: new Date(now()).toISOString(),
      pending: jobs.pending(owner),
      jobs: found.toReversed().map(statsOf),
    };
  };
};

const noTokens = {
  model: null,
  input_tokens: 0,
  output_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  total_tokens: 0,
};
