import { aborted } from "node:util";
import { stackName } from "../compose/spec.ts";
import type { Log } from "../log.ts";
import { untilItWorks } from "../persist.ts";
import type { Stacks } from "../podman/stacks.ts";
import type { Plan } from "../policy/plan.ts";
import { millisecondsOf } from "../schema/units.ts";
import type { Job } from "../store/job-rows.ts";
import type { JobStore } from "../store/jobs.ts";
import type { Stack, StackStore } from "../store/stacks.ts";
import { createTasks } from "../tasks.ts";
import { raisingOf, specify, type StackSpecDeps } from "./stack-spec.ts";

type Deps = StackSpecDeps & {
  jobs: Pick<JobStore, "find" | "request" | "stopping">;
  stackStore: StackStore;
  stacks: Stacks;
  log: Log;
  now: () => number;
};
export type JobStacks = ReturnType<typeof createJobStacks>;

/** The services beside agents: one stack a session, up while a job of the session is at work, and after it if wanted. */
export const createJobStacks = (deps: Deps) => {
  const { config, stackStore, stacks, jobs, now } = deps;
  const turns = createTurns();
  const closing = new AbortController();

  const { takeDown, takeDownAll, isLeftUp } = createTakeDown(deps, turns, closing.signal);
  const maxKept = config.compose.max_kept;
  const sweeper = createSweeper(deps, {
    work: () => takeDownAll(() => stackStore.expired({ at: now(), maxKept })),
    nextAt: () => stackStore.nextExpiry(maxKept),
    closed: closing.signal,
  });

  return {
    /** Has the services of a plan up, if it has any; throws `start_failed`. `release` takes down what there is of them then. */
    async raise(job: Job, { stack, ...plan }: Plan, signal: AbortSignal): Promise<void> {
      if (!stack) return;
      const work = async () => {
        const { keep } = jobs.request(job.id).podman?.environment ?? {};
        const keepMs = keep ? millisecondsOf(config.compose.stack_ttl) : 0;
        const { spec, hash } = await specify(deps, { job, plan: { ...plan, stack }, keepMs, signal });
        const known = stackStore.find(job.sessionId);
        const stands = known?.hash === hash && isLeftUp(known) && (await stacks.stands(spec));
        if (known && !stands) await takeDown(job.sessionId);
        stackStore.take({ sessionId: job.sessionId, jobId: job.id, hash, keepMs });
        if (!stands) await stacks.up(spec, raisingOf(deps, signal));
      };
      await turns.take(job.sessionId, work, signal);
    },

    /** Takes down what a job has used, or leaves it up for a while. Runs again harmlessly. */
    async release({ id, sessionId }: Pick<Job, "id" | "sessionId">): Promise<void> {
      if (stackStore.find(sessionId)?.jobId !== id) return;
      await turns.take(sessionId, async () => {
        const known = stackStore.find(sessionId);
        if (known?.jobId !== id || known.idleSince !== null) return;
        if (!isLeftUp(known)) return takeDown(sessionId);
        stackStore.idle(sessionId, now());
        sweeper.schedule();
      });
    },

    /** Takes down what a former daemon has left, and from then on what was kept long enough. */
    recover(): Promise<void> {
      for (const stack of stackStore.left().filter(isLeftUp)) stackStore.idle(stack.sessionId, now());
      return sweeper.begin(() => takeDownAll(() => stackStore.left()));
    },

    /** A session is gone: what was kept for it goes down soon. */
    sweep: sweeper.schedule,

    /** Gives up what goes on by itself: the daemon ends, and the next one does it. */
    stop: (): void => closing.abort(),

    async [Symbol.asyncDispose](): Promise<void> {
      closing.abort();
      await sweeper.close();
    },
  };
};

/** Takes stacks down, and knows which of them are still wanted. */
const createTakeDown = (
  { machine, stackStore, stacks, jobs }: Pick<Deps, "machine" | "stackStore" | "stacks" | "jobs">,
  turns: ReturnType<typeof createTurns>,
  closed: AbortSignal,
) => {
  const takeDown = async (sessionId: string): Promise<void> => {
    await stacks.down(stackName(machine.stateLabel, sessionId), closed);
    stackStore.remove(sessionId);
  };
  /** Those that are still due when their turn comes: a job may have taken one meanwhile. One that stays keeps no other up. */
  const takeDownAll = async (due: () => Stack[]): Promise<void> => {
    const downs = due().map(({ sessionId }) =>
      turns.take(sessionId, async () => {
        if (due().some((stack) => stack.sessionId === sessionId)) await takeDown(sessionId);
      }),
    );
    const failed = (await Promise.allSettled(downs)).find((down) => down.status === "rejected");
    if (failed) throw failed.reason;
  };
  /** Whether a job has left its stack up for the next one: also when it could not say so. */
  const isLeftUp = ({ keepMs, idleSince, jobId }: Stack): boolean =>
    idleSince !== null || (keepMs > 0 && hasRun(jobs.find(jobId)));
  return { takeDown, takeDownAll, isLeftUp };
};

/** Whether a job came to an end at which its services may be wanted again. */
const hasRun = (job: Job | undefined): boolean =>
  job !== undefined && job.ending !== null && !["cancelled", "start_failed", "lost"].includes(job.ending.outcome);

/** Lets only one at a time work on a session's stack. */
const createTurns = () => {
  const last = new Map<string, Promise<void>>(); // none of these fails
  return {
    /** `signal` gives up what has not begun; from then on it is up to the work. */
    async take<Value>(id: string, work: () => Promise<Value>, signal?: AbortSignal): Promise<Value> {
      const turn = Promise.withResolvers<void>();
      const before = last.get(id) ?? Promise.resolve();
      const over = before.then(() => turn.promise);
      last.set(id, over);
      void over.then(() => last.get(id) === over && last.delete(id));
      try {
        await (signal ? Promise.race([before, aborted(signal, turn)]) : before);
        signal?.throwIfAborted();
        return await work();
      } finally {
        turn.resolve();
      }
    },
  };
};

const longestTimerMs = 2 ** 31 - 1;

/** Does its work whenever the time of a stack that is kept is over. */
const createSweeper = (
  { log, now }: Pick<Deps, "log" | "now">,
  { work, nextAt, closed }: { work: () => Promise<void>; nextAt: () => number | undefined; closed: AbortSignal },
) => {
  const tasks = createTasks();
  let timer: NodeJS.Timeout | undefined;
  let sweeping = false;

  const surely = (some: () => Promise<void>): Promise<void> =>
    untilItWorks(some, { what: "taking down services", log, signal: closed }).catch(() => {}); // the next daemon does
  const sweep = async (): Promise<void> => {
    if (sweeping) return; // it schedules the next one
    sweeping = true;
    await surely(work);
    sweeping = false;
    schedule();
  };
  const schedule = (): void => {
    clearTimeout(timer);
    const at = nextAt();
    if (at === undefined || closed.aborted) return;
    timer = setTimeout(() => void tasks.keep(sweep()), Math.min(Math.max(0, at - now()), longestTimerMs)).unref();
  };

  return {
    /** After some other work. */
    async begin(first: () => Promise<void>): Promise<void> {
      await surely(first);
      await sweep();
    },
    schedule,
    async close(): Promise<void> {
      clearTimeout(timer);
      await tasks.done();
    },
  };
};
