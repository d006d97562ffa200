import { setTimeout as pause } from "node:timers/promises";
import { StromboliError } from "../errors.ts";
import { createTasks } from "../tasks.ts";
import type { Log } from "../log.ts";
import type { Config } from "../schema/config.ts";
import type { Pruned, PruneRequest } from "../schema/prune.ts";
import { bytesOf, millisecondsOf } from "../schema/units.ts";
import type { Sessions } from "../sessions.ts";
import { keyLifeMs } from "../store/idempotency.ts";
import type { RetentionStore, Rule } from "../store/retention.ts";
import { jobKind } from "./jobs.ts";
import { clear, recover, type Expired, type Kind } from "./kind.ts";
import { sessionKind } from "./sessions.ts";

export type RetentionDeps = {
  config: Pick<Config, "jobs" | "sessions">;
  store: RetentionStore;
  sessions: Pick<Sessions, "removeFiles">;
  jobsFolder: string;
  sessionsFolder: string;
  log: Log;
  now: () => number;
  /** Rests between two sweeps; false when it was cut short. */
  rest?: (ms: number, signal: AbortSignal) => Promise<boolean>;
};
export type Retention = ReturnType<typeof createRetention>;

const firstSweepMs = 60_000;
const betweenSweepsMs = 3_600_000;

/** Removes jobs and sessions that are no longer to be kept, on request and by itself. One prune at a time. */
export const createRetention = ({ config, store, log, now, rest = restUnlessStopped, ...deps }: RetentionDeps) => {
  const jobs = jobKind(store, deps.jobsFolder);
  const sessions = sessionKind({ store, folder: deps.sessionsFolder, sessions: deps.sessions });
  const tasks = createTasks();
  const stop = new AbortController();
  const { signal } = stop;
  let last: Promise<unknown> = Promise.resolve();

  const pruneNow = async (request: PruneRequest): Promise<Pruned> => {
    const rules = rulesOf(config, request, now());
    const pruned: Pruned = { jobs: [], sessions: [], bytes: 0, dry_run: request.dry_run ?? false };
    const collect = async <Item extends Expired>(kind: Kind<Item>, rule: Rule, ids: string[]) => {
      for await (const { id, bytes } of clear(kind, { rule, dryRun: pruned.dry_run, signal, log })) {
        ids.push(id);
        pruned.bytes += bytes;
      }
    };
    try {
      signal.throwIfAborted();
      await collect(jobs, rules.jobs, pruned.jobs);
      await collect(sessions, rules.sessions, pruned.sessions);
      if (!pruned.dry_run) store.dropOldKeys(now() - keyLifeMs);
    } finally {
      report(log, pruned); // also when the daemon stops half-way
    }
    return pruned;
  };

  const prune = (request: PruneRequest): Promise<Pruned> => {
    const turn = last.then(() => pruneNow(request));
    last = turn.catch(() => {});
    return tasks.keep(turn);
  };

  const sweep = async (): Promise<void> => {
    try {
      await prune({});
    } catch (error) {
      if (!signal.aborted) log.error({ err: error }, "a sweep failed; the next one tries again");
    }
  };

  return {
    /** Finishes what a daemon that died left half-done, before anybody can ask for it. */
    recover: () => Promise.all([recover(jobs, log), recover(sessions, log)]),
    /** Removes what is not to be kept; throws `shutting_down` when the daemon stops before all is done. */
    prune,
    /** Prunes by the configuration; a failure is logged. */
    sweep,
    /** Sweeps soon, and then every hour until it is disposed of. */
    start: (): void => void tasks.keep(onAndOn(sweep, (ms) => rest(ms, signal))),
    async [Symbol.asyncDispose](): Promise<void> {
      stop.abort(new StromboliError("shutting_down", "the daemon is stopping; try again when it is back"));
      await tasks.done();
    },
  };
};

/** Works soon, and then every hour until a rest is cut short. */
const onAndOn = async (work: () => Promise<void>, rest: (ms: number) => Promise<boolean>): Promise<void> => {
  for (let ms = firstSweepMs; await rest(ms); ms = betweenSweepsMs) await work();
};

const restUnlessStopped = (ms: number, signal: AbortSignal): Promise<boolean> =>
  pause(ms, true, { ref: false, signal }).catch(() => false);

const dayMs = 86_400_000;

/** An age in the request stands for the days of the configuration; limits of size stay. */
const rulesOf = (config: RetentionDeps["config"], request: PruneRequest, now: number) => {
  const ruleOf = ({ keep_days, keep_size }: Config["sessions"], age: string | undefined): Rule => ({
    before: now - (age === undefined ? keep_days * dayMs || Infinity : millisecondsOf(age)),
    limit: keep_size === "off" ? Infinity : bytesOf(keep_size),
  });
  return {
    jobs: ruleOf(config.jobs, request.jobs_older_than),
    sessions: ruleOf(config.sessions, request.sessions_older_than),
  };
};

const report = (log: Log, { jobs, sessions, bytes, dry_run }: Pruned): void => {
  if (dry_run || jobs.length + sessions.length === 0) return;
  log.info({ jobs: jobs.length, sessions: sessions.length, bytes }, "pruned");
};
