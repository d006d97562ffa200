import { setTimeout as pause } from "node:timers/promises";
import { messageOf, StromboliError } from "../errors.ts";
import type { Log } from "../log.ts";
import { containerEvents, endListeners } from "./container-events.ts";
import type { Containers } from "./containers.ts";
import { createLook } from "./look.ts";
import { createTasks } from "../tasks.ts";
import type { Podman } from "./podman.ts";

/** How a container ended; `at` in milliseconds, where Podman knows it. */
export type ContainerEnd = { exitCode: number; at: number | undefined };
export type Ends = ReturnType<typeof createEnds>;

export type EndsDeps = { podman: Podman; containers: Pick<Containers, "inspect" | "states">; label: string; log: Log };

const lookEveryMs = 10_000;
const lookOftenMs = 500;
const soonMs = 1000;
const lingerMs = 60_000;

/**
 * Tells the ends of our containers. One `podman events` serves them all for as long as there are some. Events can be
 * switched off, or get lost: so now and then all are looked at, and often where events have failed us.
 */
export const createEnds = (deps: EndsDeps) => {
  endListeners(deps.label);
  const waiters = createWaiters();
  const closed = new AbortController();
  const watch = createWatch(deps, waiters, closed.signal);
  const wait = createWait(waiters, watch);

  return {
    /** Has the watch on before a container starts, so that the end of the quickest is told. */
    expect: () => watch.on(),

    /**
     * The end of a container, however long it takes; undefined when there is no such container any more. `takenUp`: it
     * may have ended before we watched. Throws `shutting_down` once `signal` aborts.
     */
    ended: wait,

    async [Symbol.asyncDispose](): Promise<void> {
      closed.abort();
      await watch.over();
    },
  };
};

const remembered = 1000;

/** Who waits for which container, and the ends that came before anybody waited. */
const createWaiters = () => {
  const waiting = new Map<string, (end: ContainerEnd | undefined) => void>();
  const early = new Map<string, ContainerEnd>();
  return {
    waiting,
    names: () => [...waiting.keys()],
    take(name: string): ContainerEnd | undefined {
      const end = early.get(name);
      early.delete(name);
      return end;
    },
    /** Without an end the container is gone. */
    settle(name: string, end: ContainerEnd | undefined): void {
      const tell = waiting.get(name);
      if (tell) return tell(end);
      if (!end) return;
      early.set(name, end);
      const [oldest] = early.keys();
      if (early.size > remembered && oldest !== undefined) early.delete(oldest);
    },
  };
};
export type Waiters = ReturnType<typeof createWaiters>;

const createWait =
  (waiters: Waiters, watch: Watch) =>
  async (
    name: string,
    { signal, takenUp }: { signal: AbortSignal; takenUp: boolean },
  ): Promise<ContainerEnd | undefined> => {
    watch.on();
    const told = waiters.take(name);
    if (told) return told;
    const { promise, resolve, reject } = Promise.withResolvers<ContainerEnd | undefined>();
    const giveUp = () => reject(new StromboliError("shutting_down", `the wait for ${name} was given up`));
    waiters.waiting.set(name, resolve);
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    if (takenUp) watch.look();
    try {
      return await promise;
    } finally {
      waiters.waiting.delete(name);
      signal.removeEventListener("abort", giveUp);
    }
  };

/** Keeps an eye on the containers while somebody waits, and a while longer: the next run often follows. */
const createWatch = (deps: EndsDeps, waiters: Waiters, closed: AbortSignal) => {
  const lookAtAll = createLook(deps, waiters);
  let due = new AbortController(); // aborted when a look is due at once
  const look = (): void => due.abort();
  const listener = createListener(deps, waiters, look);
  const tasks = createTasks();
  let usedAt = performance.now();
  let watching = false;

  const isWanted = () => waiters.waiting.size > 0 || performance.now() - usedAt < lingerMs;
  const keepLooking = async (): Promise<void> => {
    const stop = new AbortController();
    const listening = listener.listen(AbortSignal.any([closed, stop.signal]));
    while (!closed.aborted && isWanted()) {
      const everyMs = listener.isReliable() || waiters.waiting.size === 0 ? lookEveryMs : lookOftenMs;
      await rest(everyMs, AbortSignal.any([due.signal, closed]));
      due = new AbortController();
      if (waiters.waiting.size > 0) usedAt = performance.now();
      if (!closed.aborted) await lookAtAll();
    }
    watching = false; // from here on another watch may begin
    stop.abort();
    await listening;
  };

  return {
    look,
    on(): void {
      usedAt = performance.now();
      if (watching || closed.aborted) return;
      watching = true;
      void tasks.keep(keepLooking());
    },
    over: () => tasks.done(),
  };
};
type Watch = ReturnType<typeof createWatch>;

/** Hears what Podman tells of our containers; `look` has them looked at, where that is not enough. */
const createListener = ({ podman, label, log }: EndsDeps, waiters: Waiters, look: () => void) => {
  let reliable = true;

  const hear = async (signal: AbortSignal): Promise<void> => {
    for await (const { name, kind, ...end } of containerEvents(podman, label, signal)) {
      reliable = true;
      if (kind === "died") waiters.settle(name, end);
      else if (waiters.waiting.has(name)) look();
    }
  };

  return {
    isReliable: () => reliable,
    async listen(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        const timer = setTimeout(look, soonMs).unref(); // for what came before it could be told
        await hear(signal).catch((error: unknown) => {
          if (!signal.aborted) log.warn({ error: messageOf(error) }, "podman events failed");
        });
        clearTimeout(timer);
        if (signal.aborted) return;
        reliable = false;
        look();
        await rest(lookEveryMs, signal);
      }
    },
  };
};

const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal, ref: false }).catch(() => {});
